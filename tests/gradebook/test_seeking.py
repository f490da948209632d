"""A score without a column: it is looked for, made when a teacher says so, found where it moved."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.gradebook.outbox import want_score
from app.gradebook.seeking import AGAIN_AFTER
from lti_config.line_items import READ_SCOPE, SCOPE, TAG
from models import (
    Activity,
    ActivityKind,
    AuditEvent,
    CourseRole,
    LineItem,
    ResourceLink,
    ScoreOutbox,
    ScoreStatus,
    now,
)
from tests import factories
from tests.gradebook.ags_server import AgsServer, Answer
from tests.gradebook.arranged import Arranged, arrange
from tests.helpers import Visitor, enter


@pytest.fixture
def bare(arranged: Arranged) -> Arranged:
    """The link has no column that we know; two students have answered."""
    arranged.session.execute(text("delete from line_items"))
    arranged.session.commit()
    arranged.answers("4", 1, 1)
    arranged.answers("5", 1)
    return arranged


@pytest.fixture
def teacher(app: Flask, bare: Arranged) -> Visitor:
    return enter(app, bare.session, bare.course, CourseRole.TEACHER)


def _want(bare: Arranged, subject: str = "4") -> ScoreOutbox | None:
    row = want_score(
        bare.session,
        user_id=bare.student(subject).student_id,
        course_id=bare.course.course_id,
        activity_id=bare.activity.activity_id,
        resource_link_id=bare.link.resource_link_id,
    )
    bare.session.commit()
    return row


def _item(bare: Arranged, number: int, **fields: Any) -> dict[str, Any]:
    return {"id": bare.server.column_url(number), "label": "x", "scoreMaximum": 10, **fields}


def _columns(bare: Arranged) -> list[LineItem]:
    bare.session.rollback()
    bare.session.expire_all()
    return list(bare.session.scalars(select(LineItem)))


class TestLookedFor:
    """With the next answer of a learner, once an hour."""

    @pytest.mark.parametrize(
        "fields",
        [
            {"resourceLinkId": "1"},
            {"resourceLinkId": "1", "resourceId": "another"},
            {"resourceId": "OWN"},
            {"resourceId": "OWN", "resourceLinkId": ""},
            {"tag": TAG},
        ],
        ids=["link", "link, other resource", "activity", "activity, no link", "tag"],
    )
    def test_it_is_found_and_everybodys_score_arrives(
        self, bare: Arranged, fields: dict[str, str]
    ) -> None:
        own = str(bare.activity.activity_id)
        given = {name: own if value == "OWN" else value for name, value in fields.items()}
        bare.server.items = [_item(bare, 7, **given)]
        assert _want(bare) is None
        bare.work()
        bare.work()  # what the first job queued
        assert sorted(score for score, _ in bare.server.scores()) == [2, 4]
        (column,) = _columns(bare)
        assert (column.url, column.is_ours) == (bare.server.column_url(7), False)
        assert column.resource_link_id == bare.link.resource_link_id
        assert bare.server.of("create") == []

    @pytest.mark.parametrize(
        "items",
        [
            [],
            [{"resourceLinkId": "2", "resourceId": "OWN"}],
            [{"resourceLinkId": "2", "tag": TAG}],
            [{"tag": TAG}, {"tag": TAG}],
            [{"tag": TAG, "resourceId": "another"}],
            [{"resourceLinkId": "1", "id": "https://elsewhere.example/lineitem"}],
        ],
        ids=["none", "other link", "other link's tag", "two tags", "other's tag", "other host"],
    )
    def test_what_is_not_ours_is_left_alone(
        self, bare: Arranged, items: list[dict[str, str]]
    ) -> None:
        own = str(bare.activity.activity_id)
        bare.server.items = [
            _item(bare, n) | {k: own if v == "OWN" else v for k, v in one.items()}
            for n, one in enumerate(items)
        ]
        _want(bare)
        bare.work()
        assert _columns(bare) == []
        assert bare.server.scores() == []
        assert bare.server.of("create") == [], "a teacher may have left the grade out on purpose"

    def test_the_column_of_another_activity_stays_its_own(self, bare: Arranged) -> None:
        """Some platform keeps neither resource nor link: a tag alone must not mix two up."""
        link = ResourceLink(context_id=bare.context.context_id, lti_resource_link_id="2")
        other = Activity(
            course_id=bare.course.course_id,
            kind=ActivityKind.PRACTICE,
            title="Another",
            created_by=bare.activity.created_by,
        )
        bare.session.add_all([link, other])
        bare.session.flush()
        column = LineItem(
            context_id=bare.context.context_id,
            resource_link_id=link.resource_link_id,
            activity_id=other.activity_id,
            url=bare.server.column_url(7),
        )
        bare.session.add(column)
        bare.session.commit()
        bare.server.items = [_item(bare, 7, tag=TAG)]
        _want(bare)
        bare.work()
        assert [one.activity_id for one in _columns(bare)] == [other.activity_id]
        assert bare.server.scores() == []

    def test_of_two_columns_of_the_link_the_activitys_own(self, bare: Arranged) -> None:
        own = str(bare.activity.activity_id)
        bare.server.items = [
            _item(bare, 1, resourceLinkId="1", resourceId="another"),
            _item(bare, 2, resourceLinkId="1", resourceId=own),
        ]
        _want(bare)
        bare.work()
        assert [one.url for one in _columns(bare)] == [bare.server.column_url(2)]

    def test_no_more_than_once_an_hour(self, bare: Arranged) -> None:
        for subject in ("4", "5", "4"):
            _want(bare, subject)
            bare.work()
        assert len(bare.server.of("items")) == 3, "by link, by activity, by tag"
        link = bare.session.get_one(ResourceLink, bare.link.resource_link_id)
        link.column_sought_at = now() - AGAIN_AFTER - timedelta(seconds=1)
        bare.session.commit()
        _want(bare)
        bare.work()
        assert len(bare.server.of("items")) == 6

    def test_not_where_the_lms_does_not_let_us(self, bare: Arranged) -> None:
        bare.context.ags_scopes = []
        bare.session.commit()
        _want(bare)
        bare.work()
        assert bare.server.got == []


class TestMade:
    """By the teacher's button."""

    def _path(self, bare: Arranged) -> str:
        return f"grades/activities/{bare.activity.activity_id}/column"

    def test_and_everybodys_score_arrives(self, bare: Arranged, teacher: Visitor) -> None:
        assert "Make the column" in teacher.get("grades/").text
        answer = teacher.post(self._path(bare))
        assert "being asked for the column" in teacher.get(answer.location).text
        bare.work()
        bare.work()
        (made,) = bare.server.of("create")
        assert made.body == {
            "label": "Practice: Loops",
            "scoreMaximum": 10.0,
            "resourceId": str(bare.activity.activity_id),
            "tag": TAG,
            "resourceLinkId": "1",
            "submissionReview": {"url": "http://localhost:8000/lti/review"},
        }
        assert made.headers["Content-Type"] == "application/vnd.ims.lis.v2.lineitem+json"
        (column,) = _columns(bare)
        assert column.is_ours
        assert sorted(score for score, _ in bare.server.scores()) == [2, 4]
        page = teacher.get("grades/").text
        assert "Make the column" not in page
        assert page.count("In the gradebook since") == 2
        assert bare.session.scalars(select(AuditEvent.action)).all() == ["column.asked"]

    def test_pressed_twice_it_is_made_once(self, bare: Arranged, teacher: Visitor) -> None:
        teacher.post(self._path(bare))
        teacher.post(self._path(bare))
        bare.work()
        assert teacher.post(self._path(bare)).status_code == 404
        bare.work()
        assert len(bare.server.of("create")) == 1

    def test_made_but_not_noted_it_is_found(self, bare: Arranged, teacher: Visitor) -> None:
        """The answer was lost: the next try looks first."""
        bare.server.will("create", Answer(breaks_line=True, takes_it=True))
        teacher.post(self._path(bare))
        bare.work()
        page = teacher.get("grades/").text
        assert re.search(
            r"The last try, at \d\d:\d\d, did not work: The LMS could not be reached\.", page
        )
        teacher.post(self._path(bare))
        bare.work()
        assert len(bare.server.of("create")) == 1
        assert len(_columns(bare)) == 1

    @pytest.mark.parametrize("status", [403, 404, 412])
    def test_a_link_that_the_lms_does_not_know_gets_one_of_its_own(
        self, bare: Arranged, teacher: Visitor, status: int
    ) -> None:
        bare.server.will("create", Answer(status))
        teacher.post(self._path(bare))
        bare.work()
        assert [one.body.get("resourceLinkId") for one in bare.server.of("create")] == ["1", None]
        assert len(_columns(bare)) == 1

    def test_what_the_lms_says_against_it_is_shown(self, bare: Arranged, teacher: Visitor) -> None:
        bare.server.will("create", Answer(403, "<no>"), Answer(403, "<no>"))
        teacher.post(self._path(bare))
        bare.work()
        page = teacher.get("grades/").text
        assert "The LMS does not let CourseLLM make columns here." in page
        assert "403 Forbidden &lt;no&gt;" in page
        assert _columns(bare) == []

    def test_not_offered_without_the_right_to(self, bare: Arranged, teacher: Visitor) -> None:
        bare.context.ags_scopes = [READ_SCOPE]
        bare.session.commit()
        page = teacher.get("grades/").text
        assert "Make the column" not in page
        assert "lets CourseLLM make no columns here" in page
        assert teacher.post(self._path(bare)).status_code == 404

    def test_another_courses_activity_does_not_exist(
        self, app: Flask, bare: Arranged, session: Session
    ) -> None:
        stranger = enter(app, session, factories.course(session), CourseRole.TEACHER)
        assert stranger.post(self._path(bare)).status_code == 404
        bare.work()
        assert bare.server.got == []

    @pytest.mark.parametrize("role", [CourseRole.STUDENT, CourseRole.OBSERVER], ids=str)
    def test_not_for_learners(self, app: Flask, bare: Arranged, role: CourseRole) -> None:
        visitor = enter(app, bare.session, bare.course, role)
        assert visitor.post(self._path(bare)).status_code == 403

    def test_on_canvas_one_without_a_link_takes_no_submissions(
        self, app: Flask, session: Session, server: AgsServer
    ) -> None:
        canvas = arrange(session, server, "canvas")
        canvas.session.execute(text("delete from line_items"))
        canvas.session.commit()
        teacher = enter(app, session, canvas.course, CourseRole.TEACHER)
        server.will("create", Answer(412))
        teacher.post(self._path(canvas))
        canvas.work()
        second = server.of("create")[1].body
        extension = "https://canvas.instructure.com/lti/submission_type"
        assert second[extension] == {"type": "none"}


class TestGone:
    """404: the column is looked for once, then the score is refused for good."""

    def test_it_has_moved(self, arranged: Arranged) -> None:
        own = str(arranged.activity.activity_id)
        arranged.server.items = [_item(arranged, 9, resourceId=own)]
        arranged.server.will("score", Answer(404))
        arranged.wants(5)
        arranged.work()
        row = arranged.row()
        assert row.status is ScoreStatus.SENT
        assert row.rediscovered_at is not None
        paths = [one.path for one in arranged.server.of("score")]
        assert ["lineitems/9/" in path for path in paths] == [False, True]
        assert [one.url for one in _columns(arranged)] == [arranged.server.column_url(9)]

    def test_it_is_gone_indeed(self, arranged: Arranged) -> None:
        for subject in map(str, range(6)):
            arranged.wants(5, subject)
        arranged.server.will("score", *[Answer(404)] * 6)
        arranged.work()
        assert {arranged.row(s).status for s in map(str, range(6))} == {ScoreStatus.REFUSED}
        assert len(arranged.server.of("items")) <= 3 * 4, "once for the column, or so"

    def test_it_is_looked_for_once_a_day(self, arranged: Arranged) -> None:
        for given in (5, 6):
            arranged.server.will("score", Answer(404))
            arranged.wants(given)
            arranged.work()
        assert len(arranged.server.of("items")) == 3

    def test_a_column_known_by_another_launch_takes_the_score(self, arranged: Arranged) -> None:
        own = str(arranged.activity.activity_id)
        arranged.server.items = [_item(arranged, 9, resourceId=own)]
        other = LineItem(
            context_id=arranged.context.context_id,
            activity_id=arranged.activity.activity_id,
            url=arranged.server.column_url(9),
        )
        arranged.session.add(other)
        arranged.session.commit()
        arranged.server.will("score", Answer(404))
        arranged.wants(5)
        arranged.work()
        row = arranged.row()
        assert (row.status, row.line_item_id) == (ScoreStatus.SENT, other.line_item_id)

    def test_a_look_that_fails_is_tried_again_later(self, arranged: Arranged) -> None:
        arranged.server.will("score", Answer(404))
        arranged.server.will("items", Answer(503))
        arranged.wants(5)
        arranged.work()
        assert arranged.row().status is ScoreStatus.WAITING

    def test_without_the_right_to_look_it_is_refused(self, arranged: Arranged) -> None:
        arranged.context.ags_scopes = []
        arranged.session.commit()
        arranged.server.will("score", Answer(404))
        arranged.wants(5)
        arranged.work()
        assert arranged.row().status is ScoreStatus.REFUSED
        assert arranged.server.of("items") == []


def test_the_scopes_are_the_specifications() -> None:
    assert READ_SCOPE.removesuffix(".readonly") == SCOPE
