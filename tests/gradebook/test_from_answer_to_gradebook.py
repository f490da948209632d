"""From a student's answer over HTTP to the cell of the LMS's gradebook."""

import re

from flask import Flask
from sqlalchemy import func, select

from models import CourseRole, ScoreOutbox, StudentAttempt
from tests.gradebook.conftest import Class
from tests.helpers import Visitor, enter


def _enter(app: Flask, lms_class: Class, person: str, role: CourseRole) -> Visitor:
    return enter(
        app,
        lms_class.session,
        lms_class.course,
        enrollment=lms_class.member(person, role),
        activity_id=lms_class.activity.activity_id,
        resource_link_id=lms_class.link.resource_link_id,
    )


def _answer(visitor: Visitor, given: str) -> int:
    page = visitor.get("practice/").text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    return visitor.post("practice/answer", data={**form, "answer": given}).status_code


def test_a_students_answers_stand_in_the_gradebook(app: Flask, lms_class: Class) -> None:
    student = _enter(app, lms_class, "student-1", CourseRole.STUDENT)
    for given in ("b", "a", "b", "b"):
        assert _answer(student, given) == 303
    lms_class.work()
    assert lms_class.shown() == 6
    assert len(lms_class.posts()) == 1
    assert "In the gradebook since" in student.get("practice/").text


def test_a_preview_answers_without_a_score(app: Flask, lms_class: Class) -> None:
    visitor = _enter(app, lms_class, "test-student", CourseRole.TEST_STUDENT)
    assert _answer(visitor, "b") == 303
    attempt = lms_class.session.scalars(select(StudentAttempt)).one()
    assert attempt.activity_id == lms_class.activity.activity_id
    assert lms_class.session.scalar(select(func.count()).select_from(ScoreOutbox)) == 0
    lms_class.work()
    assert lms_class.posts() == []
