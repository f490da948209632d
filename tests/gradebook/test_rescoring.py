"""Scores are made anew when a teacher changes what counts."""

from datetime import timedelta

from flask import Flask

from models import CourseRole, now
from tests.gradebook.conftest import Class
from tests.helpers import enter


def test_an_end_moved_makes_the_scores_anew(app: Flask, lms_class: Class) -> None:
    """Answers in between count from now on, and the LMS is sent the new score."""
    lms_class.activity.closes_at = now() - timedelta(hours=1)
    lms_class.session.commit()
    row = lms_class.answer(1, 1)
    assert row is not None
    assert row.score_given == 0
    teacher = enter(app, lms_class.session, lms_class.course, CourseRole.TEACHER)
    address = f"activities/links/{lms_class.activity.activity_id}"
    assert teacher.post(address, data={"title": "Loops", "closes": ""}).status_code == 303
    lms_class.work()
    assert lms_class.row().score_given == 4
    assert lms_class.shown() == 4


def test_scores_that_stay_the_same_are_not_sent_again(app: Flask, lms_class: Class) -> None:
    lms_class.answer(1)
    lms_class.work()
    assert len(lms_class.posts()) == 1
    teacher = enter(app, lms_class.session, lms_class.course, CourseRole.TEACHER)
    address = f"activities/links/{lms_class.activity.activity_id}"
    teacher.post(address, data={"title": "Another title"})
    lms_class.work()
    assert len(lms_class.posts()) == 1
