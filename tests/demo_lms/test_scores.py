"""Scores and results: AGS 2.0 sections 3.3 and 3.4; the rules of Moodle and Canvas on top."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo_lms import Platform, gradebook, line_items, persons, scores
from demo_lms import vocabulary as lti
from demo_lms.line_items import LineItem, item_url
from tests.demo_lms.fake_tool import Service

ADA = persons.get("student-1").subject
START = datetime(2026, 11, 22, 10, 0, 0, 500_000, tzinfo=UTC)


def score(seconds: float = 0, **changes: Any) -> dict[str, Any]:
    """A finished score of Ada's, so many seconds after the first."""
    body = {
        "userId": ADA,
        "timestamp": (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds"),
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 8,
        "scoreMaximum": 10,
        "comment": "Well done",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


class Column:
    """The line item of these tests, as the tool reaches it."""

    def __init__(self, service: Service, platform: Platform, item: LineItem) -> None:
        self.service = service
        self.platform = platform
        self.item = item

    def post(self, body: Any, media_type: str = lti.SCORE_TYPE) -> int:
        url = item_url(self.platform.settings, self.item.id, "/scores")
        return self.service.send("POST", url, body, media_type).status_code

    def results(self, query: str = "") -> list[dict[str, Any]]:
        url = item_url(self.platform.settings, self.item.id, "/results") + query
        answer = self.service.get(url, Accept=lti.RESULTS_TYPE)
        assert answer.mimetype == lti.RESULTS_TYPE
        listed: list[dict[str, Any]] = answer.get_json()
        return listed


@pytest.fixture
def column(service: Service, platform: Platform, item: LineItem) -> Column:
    return Column(service, platform, item)


def test_a_score_is_rescaled_and_read_back(column: Column) -> None:
    assert column.post(score()) == 200
    base = f"http://127.0.0.1:8001/api/courses/demo-course/lineitems/{column.item.id}/lineitem"
    assert column.results() == [
        {
            "id": f"{base}/results?type_id=1&user_id={ADA}",
            "scoreOf": f"{base}?type_id=1",
            "userId": ADA,
            "resultScore": 16,
            "resultMaximum": 20,
            "comment": "Well done",
        }
    ]


def test_more_than_the_maximum_is_valid(column: Column) -> None:
    assert column.post(score(scoreGiven=1.1, scoreMaximum=1)) == 200
    assert column.results()[0]["resultScore"] == 22


def test_a_new_maximum_rescales(column: Column) -> None:
    column.post(score())
    line_items.replace(
        column.platform.store, column.item.id or 0, {"label": "L", "scoreMaximum": 5}
    )
    assert column.results()[0] | {"comment": ""} == column.results()[0] | {
        "resultScore": 4,
        "resultMaximum": 5,
        "comment": "",
    }


def test_the_test_student_can_be_graded(column: Column) -> None:
    assert column.post(score(userId=persons.get("test-student").subject)) == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"userId": None}, 400),
        ({"userId": 5}, 400),
        ({"userId": "5"}, 422),
        ({"userId": persons.get("teacher").subject}, 422),
        ({"userId": persons.get("ta").subject}, 422),
        ({"userId": persons.get("admin").subject}, 422),
        ({"timestamp": None}, 400),
        ({"timestamp": "yesterday"}, 400),
        ({"timestamp": 1795000000}, 400),
        ({"timestamp": "2026-11-22"}, 400),
        ({"timestamp": "2026-11-22T10:00:00.5"}, 400),
        ({"timestamp": "2026-11-22T10:00:00Z"}, 400),
        ({"activityProgress": None}, 400),
        ({"activityProgress": "Done"}, 400),
        ({"gradingProgress": None}, 400),
        ({"gradingProgress": "fullygraded"}, 400),
        ({"scoreGiven": -1}, 400),
        ({"scoreGiven": "8"}, 400),
        ({"scoreGiven": True}, 400),
        ({"scoreMaximum": None}, 400),
        ({"scoreMaximum": 0}, 400),
        ({"comment": 5}, 400),
        ({"submission": []}, 400),
        ({"submission": {"startedAt": "now"}}, 400),
        (
            {
                "submission": {
                    "startedAt": "2026-11-22T10:00:00.2Z",
                    "submittedAt": "2026-11-22T10:00:00.1Z",
                }
            },
            400,
        ),
    ],
)
def test_a_wrong_score_changes_nothing(column: Column, change: dict[str, Any], status: int) -> None:
    assert column.post(score(**change)) == status
    assert column.results() == []
    (kept,) = scores.posts(column.platform, 10)
    assert kept["status"] == status and kept["reason"]


@pytest.mark.parametrize("timestamp", ["2026-11-22T10:00:00.736Z", "2026-11-22T10:00:00.736+00"])
def test_the_specifications_timestamps(column: Column, timestamp: str) -> None:
    assert column.post(score(timestamp=timestamp)) == 200


def test_the_media_type_is_checked(column: Column) -> None:
    assert column.post(score(), "application/json") == 415
    assert column.post(score(), lti.LINE_ITEM_TYPE) == 415
    assert column.post([score()]) == 400
    assert column.post(score(), f"{lti.SCORE_TYPE}; charset=utf-8") == 200


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, 409), (0.499, 409), (-60, 409), (0.5, 200), (1, 200)]
)
def test_a_timestamp_must_be_a_second_newer(column: Column, seconds: float, status: int) -> None:
    column.post(score())
    assert column.post(score(seconds, scoreGiven=9)) == status
    assert column.results()[0]["resultScore"] == (18 if status == 200 else 16)


def test_timestamps_are_compared_across_zones(column: Column) -> None:
    column.post(score(timestamp="2026-11-22T12:00:00.5+02:00"))
    assert column.post(score(timestamp="2026-11-22T10:00:00.9Z")) == 409
    assert column.post(score(timestamp="2026-11-22T09:00:01.5-01:00")) == 200


def test_each_person_has_a_clock_of_their_own(column: Column) -> None:
    column.post(score())
    assert column.post(score(userId=persons.get("student-2").subject)) == 200


@pytest.mark.parametrize("grading", ["Pending", "PendingManual", "Failed", "NotReady"])
def test_what_is_not_fully_graded_takes_the_grade_away(column: Column, grading: str) -> None:
    column.post(score())
    assert column.post(score(1, gradingProgress=grading, comment=None)) == 200
    assert column.results() == []


def test_no_score_given_takes_the_grade_away(column: Column) -> None:
    column.post(score())
    assert column.post(score(1, scoreGiven=None, scoreMaximum=None, comment="Again")) == 200
    (result,) = column.results()
    assert "resultScore" not in result and result["comment"] == "Again"


def test_a_comment_is_replaced_or_cleared(column: Column) -> None:
    column.post(score())
    column.post(score(1, comment=None))
    assert "comment" not in column.results()[0]


def test_results_of_one_person_and_in_pages(column: Column) -> None:
    for person in persons.students():
        column.post(score(userId=person.subject))
    assert [result["userId"] for result in column.results(f"&user_id={ADA}")] == [ADA]
    assert column.results("&user_id=unknown") == []
    assert len(column.results()) == 4
    url = item_url(column.platform.settings, column.item.id, "/results")
    first = column.service.get(f"{url}&limit=3")
    following = first.headers["Link"].partition(">")[0][1:]
    second = column.service.get(following)
    assert (len(first.get_json()), len(second.get_json())) == (3, 1)
    assert "Link" not in second.headers


def test_scores_are_write_only(column: Column) -> None:
    url = item_url(column.platform.settings, column.item.id, "/scores")
    assert column.service.get(url).status_code == 405


def test_the_teachers_hand_is_read_back_and_makes_older_scores_stale(column: Column) -> None:
    column.post(score(timestamp="2026-10-01T00:00:00.0Z"))
    gradebook.override(column.platform, column.item.id or 0, "student-1", "19,5", "By hand")
    assert column.results()[0]["resultScore"] == 19.5
    assert column.post(score(timestamp="2026-10-02T00:00:00.0Z")) == 409
    later = datetime.fromtimestamp(column.platform.now() + 5, UTC).isoformat(
        timespec="milliseconds"
    )
    assert column.post(score(timestamp=later, comment=None)) == 200
    (result,) = column.results()
    assert (result["resultScore"], result["comment"]) == (16, "By hand")


def test_posts_are_kept_newest_first(column: Column, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "KEPT_POSTS", 2)
    for seconds in (0, 1, 1):
        column.post(score(seconds))
    assert [post["status"] for post in scores.posts(column.platform, 10)] == [409, 200]
