"""What a teacher wrote for an activity: students read it, and the model is told."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models import Activity, ActivityKind, Course, CourseRole
from tests import factories
from tests.helpers import Visitor, enter
from tests.llm.fake_endpoint import FakeEndpoint
from tests.tutor.conftest import ask

NOTE = "Read <chapter 2> first.\nAsk for the idea."


def _activity(session: Session, course: Course, kind: ActivityKind = ActivityKind.TUTOR) -> UUID:
    activity = Activity(
        course_id=course.course_id,
        kind=kind,
        title="Week 4",
        instruction=NOTE,
        created_by=factories.member(session, course, CourseRole.TEACHER).student_id,
    )
    session.add(activity)
    session.flush()
    return activity.activity_id


@pytest.fixture
def guided(app: Flask, session: Session, course: Course) -> Visitor:
    """A student who came by a link with an instruction."""
    return enter(app, session, course, activity_id=_activity(session, course))


def test_students_read_it_above_the_conversation(guided: Visitor, student: Visitor) -> None:
    page = guided.get("tutor/").text
    assert "From your teacher" in page
    assert "Read &lt;chapter 2&gt; first.\nAsk for the idea." in page
    assert "From your teacher" not in student.get("tutor/").text


def test_the_model_is_told_as_the_teachers_text(guided: Visitor, capable: FakeEndpoint) -> None:
    ask(guided)
    [request] = capable.requests
    fixed, asked = request["messages"][0]["content"], request["messages"][-1]["content"]
    assert NOTE not in fixed
    assert "<teacher>\nRead <chapter 2> first. Ask for the idea.\n</teacher>" in asked


def test_without_one_the_prompt_says_nothing_of_it(student: Visitor, capable: FakeEndpoint) -> None:
    ask(student)
    assert "<teacher>" not in capable.requests[0]["messages"][-1]["content"]


def test_another_courses_instruction_is_never_read(
    app: Flask, session: Session, course: Course
) -> None:
    foreign = _activity(session, factories.course(session))
    page = enter(app, session, course, activity_id=foreign).get("tutor/").text
    assert "From your teacher" not in page
