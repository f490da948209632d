"""Scores are made anew when a teacher changes what counts."""

from datetime import timedelta
from decimal import Decimal

from flask import Flask
from sqlalchemy import select

from app.gradebook.rescoring import rescore
from models import CourseRole, LineItem, ResourceLink, ScoreOutbox, ScoreStatus, now
from tests.gradebook.arranged import Arranged
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


def test_a_column_that_was_let_go_brings_no_score_to_another_links(arranged: Arranged) -> None:
    """The activity stands at two links; the learner came by the first, whose column changed."""
    session, context_id = arranged.session, arranged.context.context_id
    second = ResourceLink(context_id=context_id, lti_resource_link_id="2")
    session.add(second)
    session.flush()
    for number, link_id in ((2, second.resource_link_id), (3, None)):
        column = LineItem(
            context_id=context_id,
            resource_link_id=link_id,
            activity_id=arranged.activity.activity_id,
            url=arranged.server.column_url(number),
            created_at=now() + timedelta(seconds=number),
        )
        session.add(column)
    session.flush()
    arranged.wants(5)
    student = arranged.student().student_id
    session.add(
        ScoreOutbox(
            line_item_id=column.line_item_id,
            user_id=student,
            lti_subject="old",
            score_given=Decimal(1),
            score_maximum=Decimal(10),
            status=ScoreStatus.SENT,
        )
    )
    arranged.answers("4", 1)
    rescore(arranged.activity.activity_id)
    rows = session.scalars(select(ScoreOutbox.line_item_id).where(ScoreOutbox.user_id == student))
    assert set(rows) == {arranged.column.line_item_id, column.line_item_id}
