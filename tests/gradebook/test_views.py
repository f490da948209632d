"""The teachers' page of scores."""

import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from app.extensions import db
from demo_lms import gradebook
from models import (
    Activity,
    ActivityKind,
    AuditEvent,
    CourseRole,
    EnrollmentStatus,
    LineItem,
    ScoreStatus,
    now,
)
from tests import factories
from tests.gradebook.conftest import Class
from tests.helpers import Visitor, enter


@pytest.fixture
def teacher(app: Flask, lms_class: Class) -> Visitor:
    return enter(app, lms_class.session, lms_class.course, CourseRole.TEACHER)


def test_before_any_answer_the_page_says_what_will_stand_there(teacher: Visitor) -> None:
    page = teacher.get("grades/").text
    assert "Practice: Loops" in page
    assert "5 questions, 10 points, best score counts." in page
    assert "Scores stand here as soon as students have answered." in page


def test_without_graded_activities_the_page_says_how_to_get_one(
    app: Flask, session: Session
) -> None:
    teacher = enter(app, session, factories.course(session), CourseRole.TA)
    assert "as soon as a link of your course gives points" in teacher.get("grades/").text


def test_what_needs_the_teacher_comes_first(lms_class: Class, teacher: Visitor) -> None:
    states = {
        "student-1": ScoreStatus.SENT,
        "student-2": ScoreStatus.REFUSED,
        "student-3": ScoreStatus.CHANGED_IN_LMS,
    }
    for person, status in states.items():
        member = lms_class.member(person)
        row = lms_class.answer(1, member=member)
        assert row is not None
        row.status, row.sent_at = status, now()
        row.last_error = "The LMS did not take the score.\n422 <odd>"
        row.receipt = {"shown": "9"}
    nameless = factories.user(lms_class.session, first_name="", last_name="")
    unnamed = factories.member(lms_class.session, lms_class.course, person=nameless)
    lms_class.answer(1, member=unnamed)
    factories.member(lms_class.session, lms_class.course)
    lms_class.session.commit()

    page = teacher.get("grades/").text
    words = ["Not accepted", "Changed in the gradebook", "On its way", "In the gradebook since"]
    assert sorted(words, key=page.index) == words
    assert "2 need your attention." in page
    assert "so our 2 was not sent" in page
    assert "422 &lt;odd&gt;" in page
    assert f"Student {unnamed.number}" in page
    assert "One student has no score yet." in page


def test_who_has_no_score_yet_is_counted_by_person(lms_class: Class, teacher: Visitor) -> None:
    """Listed students count; who has left does not, nor does their score; nor who may grade."""
    left = lms_class.member("student-1")
    lms_class.answer(1, member=left)
    left.status = EnrollmentStatus.DROPPED
    for _ in range(2):
        factories.member(lms_class.session, lms_class.course)
    factories.member(lms_class.session, lms_class.course, CourseRole.NONE)
    lms_class.session.commit()
    assert "2 students have no score yet." in teacher.get("grades/").text


def test_send_again_brings_a_refused_score_in(lms_class: Class, teacher: Visitor) -> None:
    row = lms_class.answer(1)
    assert row is not None
    row.status, row.last_error = ScoreStatus.REFUSED, "The LMS did not take the score.\n422"
    lms_class.session.execute(text("delete from procrastinate_jobs"))
    lms_class.session.commit()
    answer = teacher.post(f"grades/{row.outbox_id}/send")
    assert answer.status_code == 303
    assert "The score is on its way again." in teacher.get(answer.location).text
    lms_class.work()
    assert lms_class.shown() == 2
    assert re.search(r"In the gradebook since \d\d:\d\d", teacher.get("grades/").text)
    actions = lms_class.session.scalars(select(AuditEvent.action)).all()
    assert actions == ["score.sent_again"]


def test_send_again_of_a_page_drawn_before_the_change_sends_nothing(
    lms_class: Class, teacher: Visitor
) -> None:
    """Opening the page has the gradebook read: the change is seen after the page was drawn."""
    lms_class.answer(1)
    lms_class.work()
    gradebook.override(lms_class.platform, lms_class.column.id or 0, "student-1", "9", "by hand")
    drawn = teacher.get("grades/").text
    assert "In the gradebook since" in drawn and "over_change" not in drawn
    lms_class.work()
    send = f"grades/{lms_class.row().outbox_id}/send"
    page = teacher.get(teacher.post(send).location).text
    assert "Nothing was sent" in page and "The gradebook shows 9" in page
    lms_class.work()
    assert lms_class.shown() == 9

    assert 'name="over_change" value="1"' in page
    teacher.post(send, data={"over_change": "1"})
    lms_class.work()
    assert lms_class.shown() == 2


def test_all_that_was_refused_is_sent_again_at_once(lms_class: Class, teacher: Visitor) -> None:
    for person in ("student-1", "student-2", "student-3"):
        row = lms_class.answer(1, member=lms_class.member(person))
        assert row is not None
        row.status = ScoreStatus.SENT if person == "student-3" else ScoreStatus.REFUSED
    lms_class.session.execute(text("delete from procrastinate_jobs"))
    lms_class.session.commit()
    assert "Send all 2 that were not accepted again" in teacher.get("grades/").text
    teacher.post(f"grades/activities/{lms_class.activity.activity_id}/send")
    lms_class.work()
    assert sorted(status for _, _, status in lms_class.posts()) == [200, 200]
    assert "not accepted again" not in teacher.get("grades/").text


def test_scores_of_another_course_do_not_exist(
    app: Flask, lms_class: Class, session: Session
) -> None:
    row = lms_class.answer(1)
    assert row is not None
    stranger = enter(app, session, factories.course(session), CourseRole.TEACHER)
    assert stranger.post(f"grades/{row.outbox_id}/send").status_code == 404
    row.status = ScoreStatus.REFUSED
    session.commit()
    stranger.post(f"grades/activities/{lms_class.activity.activity_id}/send")
    assert lms_class.row().status is ScoreStatus.REFUSED
    assert "Practice: Loops" not in stranger.get("grades/").text


@pytest.mark.parametrize(
    "role", [CourseRole.STUDENT, CourseRole.TEST_STUDENT, CourseRole.OBSERVER], ids=str
)
def test_learners_stay_out(app: Flask, lms_class: Class, role: CourseRole) -> None:
    visitor = enter(app, lms_class.session, lms_class.course, role)
    assert visitor.get("grades/").status_code == 403


def test_who_teaches_by_now_is_sent_no_score(lms_class: Class, teacher: Visitor) -> None:
    member = lms_class.member()
    row = lms_class.answer(1)
    assert row is not None
    row.status, member.role = ScoreStatus.REFUSED, CourseRole.TA
    lms_class.session.commit()
    assert "Send again" not in teacher.get("grades/").text
    assert teacher.post(f"grades/{row.outbox_id}/send").status_code == 404
    all_of_it = f"grades/activities/{lms_class.activity.activity_id}/send"
    assert teacher.post(all_of_it).status_code == 303
    assert lms_class.row(member).status is ScoreStatus.REFUSED


class TestReceipt:
    """What the learner sees of it, on the practice page."""

    def _page(self, app: Flask, lms_class: Class) -> str:
        visitor = enter(
            app,
            lms_class.session,
            lms_class.course,
            enrollment=lms_class.member(),
            activity_id=lms_class.activity.activity_id,
            resource_link_id=lms_class.link.resource_link_id,
        )
        return visitor.get("practice/receipt").text

    def test_from_nothing_to_the_gradebook(self, app: Flask, lms_class: Class) -> None:
        assert "Nothing to send yet" in self._page(app, lms_class)
        lms_class.answer(1, 0)
        page = self._page(app, lms_class)
        assert "On its way to the gradebook" in page
        assert 'hx-trigger="every 3s"' in page
        lms_class.work()
        page = self._page(app, lms_class)
        assert "In the gradebook since" in page
        assert "hx-trigger" not in page
        assert re.search(r'cl-big">2 <', page)
        assert "2 of 5 questions answered." in page

    def test_waiting_names_the_next_try(self, app: Flask, lms_class: Class) -> None:
        lms_class.fault(ags_down=True)
        lms_class.answer(1)
        lms_class.work()
        assert re.search(r"Waiting, next try at \d\d:\d\d", self._page(app, lms_class))

    def test_a_changed_grade_stays(self, app: Flask, lms_class: Class) -> None:
        row = lms_class.answer(1)
        assert row is not None
        row.status, row.receipt = ScoreStatus.CHANGED_IN_LMS, {"shown": "9.0"}
        page = self._page(app, lms_class)
        assert "It shows 9 now, and that stays." in page


def test_ten_activities_take_as_many_statements_as_one(lms_class: Class, teacher: Visitor) -> None:
    def statements() -> int:
        sent: list[str] = []

        def note(*args: Any) -> None:
            sent.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        assert teacher.get("grades/").status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        return len(sent)

    lms_class.answer(1)
    lms_class.session.commit()
    statements()  # the first visit asks for a reading of the grades
    before = statements()
    column = lms_class.session.scalars(select(LineItem)).one()
    for number in range(9):
        concept = factories.concept(lms_class.session, lms_class.course)
        activity = Activity(
            course_id=lms_class.course.course_id,
            kind=ActivityKind.PRACTICE,
            title=f"Practice {number}",
            concepts=[concept],
            points=Decimal(10),
            question_count=5,
            created_by=lms_class.member("student-1").student_id,
        )
        lms_class.session.add(activity)
        lms_class.session.flush()
        lms_class.session.add(
            LineItem(
                context_id=column.context_id,
                url=f"{column.url}{number}",
                activity_id=activity.activity_id,
            )
        )
    lms_class.session.commit()
    assert statements() == before
