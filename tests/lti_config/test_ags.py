"""Scores on the wire: what is sent, and what each answer of Canvas and Moodle means."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

import pytest

from lti_config import ags
from lti_config.ags import Result, Score, next_timestamp
from lti_config.errors import AddressRefused, Unreachable
from lti_config.http import Reply
from lti_config.outcomes import Cause, Delivered, NotNewer, Outcome, Refused, Transient
from lti_config.services import Service
from lti_config.tokens import Account, TokenRefused

MOMENT = datetime(2026, 11, 22, 8, 0, 0, 499_000, tzinfo=UTC)
SCORE = Score("learner-1", Decimal("7.50"), Decimal(10), MOMENT.replace(microsecond=0))
MOODLE = "http://lms/mod/lti/services.php/2/lineitems/2/lineitem?type_id=1"
EXTENSION = "https://canvas.instructure.com/lti/submission"


@dataclass
class FakeService:
    """Answers in turn with replies or errors, and keeps what was sent."""

    answers: list[Reply | Exception]
    family: str | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def account(self) -> Account:
        return Account(uuid4(), "client", "https://lms/token", "https://lms/token", self.family)

    def post(self, url: str, scopes: Collection[str], body: bytes, content_type: str) -> Reply:
        self.sent.append({"url": url, "type": content_type, "body": json.loads(body)})
        return self._answer()

    def get(self, url: str, scopes: Collection[str], accept: str) -> Reply:
        self.sent.append({"url": url, "accept": accept})
        return self._answer()

    def _answer(self) -> Reply:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def reply(status: int, body: str = "", reason: str = "", **headers: str) -> Reply:
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, reason, fields, body.encode())


def post(*answers: Reply | Exception, family: str | None = None, score: Score = SCORE) -> Any:
    service = FakeService(list(answers), family)
    outcome = ags.post_score(cast("Service", service), MOODLE, score)
    return service, outcome


def test_what_is_sent():
    service, outcome = post(reply(200))
    assert service.sent == [
        {
            "url": "http://lms/mod/lti/services.php/2/lineitems/2/lineitem/scores?type_id=1",
            "type": "application/vnd.ims.lis.v1.score+json",
            "body": {
                "userId": "learner-1",
                "scoreGiven": 7.5,
                "scoreMaximum": 10,
                "activityProgress": "Completed",
                "gradingProgress": "FullyGraded",
                "timestamp": "2026-11-22T08:00:00.000+00:00",
            },
        }
    ]
    assert outcome == Delivered({"status": 200, "result_url": None})


REVIEW = "https://tool/lti/review/1"


def test_canvas_takes_one_submission_and_then_updates():
    handed_in = replace(SCORE, review_url=REVIEW)
    service, outcome = post(
        reply(200, '{"resultUrl": "https://c/r"}'), family="canvas", score=handed_in
    )
    assert service.sent[0]["body"][EXTENSION] == {
        "new_submission": True,
        "submission_type": "basic_lti_launch",
        "submission_data": REVIEW,
    }
    assert outcome == Delivered({"status": 200, "result_url": "https://c/r"})
    service, _ = post(reply(200), family="canvas")
    assert service.sent[0]["body"][EXTENSION] == {"new_submission": False}
    assert "comment" not in service.sent[0]["body"], "Canvas would add one more each time"


def test_canvas_without_attempts_left_gets_an_update():
    refusal = reply(422, '{"errors": {"message": "No more attempts are allowed"}}')
    handed_in = replace(SCORE, review_url=REVIEW)
    service, outcome = post(refusal, reply(200), family="canvas", score=handed_in)
    assert [one["body"][EXTENSION]["new_submission"] for one in service.sent] == [True, False]
    assert isinstance(outcome, Delivered)


@pytest.mark.parametrize("family", ["moodle", None])
def test_no_other_lms_sees_canvas_extension(family: str | None):
    service, _ = post(reply(200), family=family, score=replace(SCORE, review_url=REVIEW))
    assert EXTENSION not in service.sent[0]["body"]


THROTTLED = {"X_Rate_Limit_Remaining": "0.0"}


@pytest.mark.parametrize(
    ("answer", "expected", "cause"),
    [
        (reply(201), Delivered, None),
        (reply(204), Delivered, None),
        (reply(409, "[]", "Refusing score with an earlier timestamp"), NotNewer, None),
        (reply(400, '{"error": "timestamp is older than the last"}'), NotNewer, None),
        (reply(400, "[]", 'Incorrect score received{"userId": "4"}'), Refused, Cause.NOT_GRADABLE),
        (reply(401, reason="Unauthorized"), Refused, Cause.ACCESS),
        (reply(403, '{"errors": "nope"}'), Refused, Cause.ACCESS),
        (reply(403, "403 Forbidden (Rate Limit Exceeded)"), Transient, None),
        (reply(403, "", "", **THROTTLED), Transient, None),
        (reply(404), Refused, Cause.GONE),
        (reply(412), Refused, Cause.REJECTED),
        (reply(422, "User not found in course"), Refused, Cause.NOT_GRADABLE),
        (reply(429), Transient, None),
        (reply(500), Transient, None),
        (reply(502, "<html>Bad Gateway"), Transient, None),
        (reply(504), Transient, None),
        (Unreachable("time-out"), Transient, None),
        (TokenRefused("invalid_client"), Refused, Cause.ACCESS),
        (AddressRefused("private"), Refused, Cause.ACCESS),
    ],
    ids=str,
)
def test_what_answers_mean(answer: Reply | Exception, expected: type, cause: Cause | None):
    _service, outcome = post(answer)
    assert isinstance(outcome, expected)
    if isinstance(outcome, Refused):
        assert outcome.cause is cause
        assert "userId" not in outcome.reason, "Moodle repeats our request in its reason phrase"


@pytest.mark.parametrize(
    ("value", "seconds"), [("30", 30), ("999999", 3600), ("soon", None), ("-1", None), ("²", None)]
)
def test_when_to_try_again(value: str, seconds: int | None):
    _service, outcome = post(reply(503, "", "", Retry_After=value))
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert cast("Transient", outcome).retry_after == expected


def read(*answers: Reply | Exception) -> Any:
    service = FakeService(list(answers))
    return service, ags.read_result(cast("Service", service), MOODLE, "4 &5")


def test_reading_a_result():
    row = {"userId": "4 &5", "resultScore": 7.25, "resultMaximum": 10}
    service, result = read(reply(200, json.dumps([{"userId": "9", "resultScore": 1}, row])))
    assert result == Result(Decimal("7.25"), Decimal(10))
    assert service.sent[0]["url"].endswith("/lineitem/results?type_id=1&user_id=4+%265")
    assert service.sent[0]["accept"] == "application/vnd.ims.lis.v2.resultcontainer+json"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[]", Result(None, None)),
        ('[{"userId": "4 &5"}]', Result(None, None)),
        (
            '[{"userId": "4 &5", "resultScore": null, "resultMaximum": 10}]',
            Result(None, Decimal(10)),
        ),
        ('[{"userId": "4 &5", "resultScore": "7"}]', Result(None, None)),
        ('[{"userId": "4 &5", "resultScore": NaN}]', Result(None, None)),
    ],
)
def test_no_grade_yet(body: str, expected: Result):
    assert read(reply(200, body))[1] == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(200, "<html>"), Transient),
        (reply(200, "{}"), Transient),
        (reply(204), Transient),
        (reply(503), Transient),
        (reply(404), Refused),
        (Unreachable("x"), Transient),
        (TokenRefused("x"), Refused),
    ],
    ids=str,
)
def test_reading_fails(answer: Reply | Exception, expected: type[Outcome]):
    assert isinstance(read(answer)[1], expected)


def test_timestamps_go_up_by_whole_seconds():
    first = next_timestamp(None, MOMENT)
    assert first == MOMENT.replace(microsecond=0)
    assert next_timestamp(first, MOMENT) == first + timedelta(seconds=1)
    later = MOMENT + timedelta(minutes=1)
    assert next_timestamp(first, later) == later.replace(microsecond=0)
