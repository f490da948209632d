"""The settings of what a link stands for, for teachers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Activity,
    ActivityKind,
    AuditEvent,
    Course,
    CourseRole,
    PracticeQuestion,
    StudentAttempt,
)
from tests import factories
from tests.helpers import Visitor, enter


class Office:
    """A course with an activity of each kind."""

    def __init__(self, app: Flask, session: Session) -> None:
        self.app, self.session = app, session
        self.course: Course = factories.course(session, time_zone="Europe/Madrid")
        self.concepts = [factories.concept(session, self.course, name=name) for name in "AB"]
        self.question: PracticeQuestion = factories.question(session, self.concepts[0])
        self.practice = self.add(
            ActivityKind.PRACTICE,
            title="Set <1>",
            concepts=self.concepts[:1],
            points=Decimal(10),
            question_count=5,
        )
        self.tutor = self.add(ActivityKind.TUTOR, title="Tutor", instruction="Read first.")
        session.commit()

    def add(self, kind: ActivityKind, **given: Any) -> Activity:
        activity = Activity(
            course_id=self.course.course_id,
            kind=kind,
            created_by=self.question.created_by,
            **given,
        )
        self.session.add(activity)
        self.session.flush()
        return activity

    def enter(self, role: CourseRole = CourseRole.TEACHER, **given: Any) -> Visitor:
        return enter(self.app, self.session, self.course, role, **given)

    def form(self, **changes: Any) -> dict[str, Any]:
        form = {"title": "Set <1>", "count": "5", "points": "10", "grade": "best"}
        return {**form, "concept": str(self.concepts[0].concept_id), **changes}


@pytest.fixture
def office(app: Flask, session: Session) -> Office:
    return Office(app, session)


def path(activity: Activity) -> str:
    return f"activities/links/{activity.activity_id}"


def test_every_link_is_listed_with_what_it_opens(office: Office) -> None:
    page = office.enter().get("activities/links/").text
    assert "Set &lt;1&gt;" in page
    assert "Practice on A, 10 points" in page
    assert "Tutor with an opening instruction" in page
    assert office.enter().get(path(office.practice)).status_code == 200
    empty = enter(office.app, office.session, factories.course(office.session), CourseRole.TEACHER)
    assert "as soon as you place one" in empty.get("activities/links/").text


def test_title_dates_and_what_counts_are_changed(office: Office) -> None:
    teacher = office.enter()
    form = office.form(
        title="New",
        points="20",
        grade="mastery",
        concept=[str(one.concept_id) for one in office.concepts],
        due="2027-03-05T20:00",
        kind="tutor",
    )
    there = teacher.post(path(office.practice), data=form)
    assert there.status_code == 303
    assert "Saved." in teacher.get(there.location).text
    office.session.expire_all()
    changed = office.practice
    assert (changed.kind, changed.title, changed.points) == (ActivityKind.PRACTICE, "New", 20)
    assert changed.score_policy.value == "mastery"
    assert changed.concepts == office.concepts
    assert changed.due_at == datetime(2027, 3, 5, 19, tzinfo=UTC)
    assert 'value="2027-03-05T20:00"' in teacher.get(path(office.practice)).text
    actions = office.session.scalars(select(AuditEvent.action)).all()
    assert "activity.changed" in actions


def test_an_instruction_is_changed_and_taken_away(office: Office) -> None:
    teacher = office.enter()
    assert "Read first.</textarea>" in teacher.get(path(office.tutor)).text
    teacher.post(path(office.tutor), data={"title": "Tutor", "instruction": " "})
    office.session.expire_all()
    assert office.tutor.instruction is None


def test_what_counts_stays_once_students_have_answered(office: Office) -> None:
    member = factories.member(office.session, office.course)
    office.session.add(
        StudentAttempt(
            student_id=member.student_id,
            question_id=office.question.question_id,
            submitted_answer="b",
            activity_id=office.practice.activity_id,
        )
    )
    teacher = office.enter()
    page = teacher.get(path(office.practice)).text
    assert "Students have answered" in page
    assert "Points" not in page
    form = {"title": "New", "closes": "2027-03-05T20:00", "points": "99", "grade": "last"}
    assert teacher.post(path(office.practice), data=form).status_code == 303
    office.session.expire_all()
    same = office.practice
    assert (same.title, same.points, same.score_policy.value) == ("New", 10, "best")
    assert same.closes_at == datetime(2027, 3, 5, 19, tzinfo=UTC)


def test_a_previews_answer_locks_nothing(office: Office) -> None:
    preview = factories.member(office.session, office.course, CourseRole.TEST_STUDENT)
    office.session.add(
        StudentAttempt(
            student_id=preview.student_id,
            question_id=office.question.question_id,
            submitted_answer="b",
            activity_id=office.practice.activity_id,
        )
    )
    assert "Students have answered" not in office.enter().get(path(office.practice)).text


def test_faults_stand_beside_their_fields(office: Office) -> None:
    page = office.enter().post(path(office.practice), data=office.form(points="x", due="y"))
    assert page.status_code == 422
    assert "A whole number from 1 to 1000." in page.text
    assert "Choose a day and a time." in page.text
    assert 'value="x"' in page.text


@pytest.mark.parametrize(
    ("role", "lists"),
    [
        (CourseRole.TA, 200),
        (CourseRole.STUDENT, 403),
        (CourseRole.TEST_STUDENT, 403),
        (CourseRole.OBSERVER, 403),
        (CourseRole.ADMINISTRATOR, 403),
        (CourseRole.NONE, 403),
    ],
)
def test_only_who_manages_the_course_changes_it(
    office: Office, role: CourseRole, lists: int
) -> None:
    visitor = office.enter(role)
    assert visitor.get("activities/links/").status_code == lists
    assert visitor.get(path(office.practice)).status_code == 403
    assert visitor.post(path(office.practice), data=office.form()).status_code == 403


def test_another_courses_activity_does_not_exist(office: Office, app: Flask) -> None:
    foreign = Office(app, office.session).practice
    teacher = office.enter()
    assert teacher.get(path(foreign)).status_code == 404
    assert teacher.post(path(foreign), data=office.form()).status_code == 404
