"""Grades read back from the LMS: what somebody changed there is seen without a score of ours."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app.gradebook import reading
from app.gradebook.slots import lock_of, slot_of
from demo_lms import gradebook
from lti_config import ags
from models import (
    CourseRole,
    LineItem,
    RegistrationStatus,
    ScoreOutbox,
    ScoreStatus,
    ServiceToken,
    now,
)
from tests.gradebook.ags_server import AgsServer, Answer
from tests.gradebook.arranged import Arranged
from tests.gradebook.conftest import Class
from tests.helpers import Visitor, enter


@pytest.fixture
def teacher(app: Flask, lms_class: Class) -> Visitor:
    return enter(app, lms_class.session, lms_class.course, CourseRole.TEACHER)


def _override(lms_class: Class, points: str) -> None:
    gradebook.override(lms_class.platform, lms_class.column.id or 0, "student-1", points, "by hand")


def _old(lms_class: Class) -> None:
    lms_class.session.rollback()
    lms_class.session.execute(
        update(LineItem).values(results_read_at=now() - timedelta(minutes=10))
    )
    lms_class.session.commit()


def test_a_teachers_change_is_seen_when_grades_is_opened(
    lms_class: Class, teacher: Visitor
) -> None:
    lms_class.answer(1)
    lms_class.work()
    assert "Received as 2." in teacher.get("grades/").text
    _override(lms_class, "9")
    lms_class.work()
    page = teacher.get("grades/").text
    assert "Changed in the gradebook" in page
    assert "The gradebook shows 9, so our 2 was not sent." in page
    assert "was last read at" in page
    lms_class.answer(1)
    lms_class.work()
    assert lms_class.shown() == 9, "and it stays"
    assert len(lms_class.posts()) == 1


def test_the_change_taken_back_is_seen_too(lms_class: Class, teacher: Visitor) -> None:
    lms_class.answer(1)
    lms_class.work()
    _override(lms_class, "9")
    teacher.get("grades/")
    lms_class.work()
    _override(lms_class, "2")
    _old(lms_class)
    teacher.get("grades/")
    lms_class.work()
    assert lms_class.row().status is ScoreStatus.SENT
    lms_class.answer(1)
    lms_class.work()
    assert lms_class.shown() == 4


def test_a_reading_serves_for_some_minutes(lms_class: Class, teacher: Visitor) -> None:
    lms_class.answer(1)
    lms_class.work()
    teacher.get("grades/")
    teacher.get("grades/")
    assert _jobs(lms_class) == 1
    lms_class.work()
    teacher.get("grades/")
    assert _jobs(lms_class) == 0
    _old(lms_class)
    teacher.get("grades/")
    assert _jobs(lms_class) == 1


@pytest.mark.parametrize(
    ("fault", "sentence", "seen"),
    [
        ("ags_down", "The LMS did not answer, or said that it cannot just now.", "503"),
        ("token_down", "The LMS did not answer, or said that it cannot just now.", "503"),
    ],
)
def test_a_teacher_reads_since_when_grades_are_not_known(
    fault: str, sentence: str, seen: str, lms_class: Class, teacher: Visitor
) -> None:
    lms_class.answer(1)
    lms_class.work()
    teacher.get("grades/")
    lms_class.work()
    read_at, _ = _column(lms_class)
    assert read_at
    _old(lms_class)
    lms_class.session.execute(ServiceToken.__table__.delete())
    lms_class.session.commit()
    lms_class.fault(**{fault: True})
    for _ in range(2):  # the first failure counts, however often it is tried
        teacher.get("grades/")
        lms_class.work()
    page = " ".join(re.sub(r"<[^>]+>", " ", teacher.get("grades/").text).split())
    _, failed_at = _column(lms_class)
    assert failed_at
    assert f"has not been readable since {failed_at.astimezone(UTC):%H:%M}. {sentence}" in page
    assert "Whether a grade was changed there after" in page and seen in page
    assert "was last read at" not in page.partition("Whether")[0]

    lms_class.fault(**{fault: False})
    teacher.get("grades/")
    lms_class.work()
    page = teacher.get("grades/").text
    assert "has not been readable" not in page and "was last read at" in page


def test_a_column_that_was_never_read_says_so(arranged: Arranged, server: AgsServer) -> None:
    arranged.wants(5)
    arranged.work()
    server.will("results", Answer(401), Answer(401))
    reading.read(arranged.column.line_item_id)
    arranged.session.expire_all()
    found = reading.readings(arranged.session, arranged.course.course_id)
    assert found.read_at is None and found.failed_at
    assert "An administrator has to check the connection." in found.sentence
    assert found.detail.startswith("401")


def test_a_failure_that_comes_late_says_nothing(arranged: Arranged, server: AgsServer) -> None:
    """Another reading succeeded after this one was asked for."""
    arranged.wants(5)
    arranged.work()
    arranged.column.results_read_at = now() + timedelta(minutes=1)
    arranged.session.commit()
    server.will("results", Answer(500))
    reading.read(arranged.column.line_item_id)
    arranged.session.expire_all()
    assert server.of("results")[-1].status == 500
    assert reading.readings(arranged.session, arranged.course.course_id).failed_at is None


def _no_scope(arranged: Arranged) -> None:
    arranged.context.ags_scopes = [ags.SCORE_SCOPE]


def _off(arranged: Arranged) -> None:
    arranged.registration.status = RegistrationStatus.DISABLED


def _no_score(arranged: Arranged) -> None:
    arranged.session.execute(update(ScoreOutbox).values(status=ScoreStatus.REFUSED))


@pytest.mark.parametrize("change", [_no_scope, _off, _no_score], ids=lambda one: one.__name__)
def test_what_is_not_asked_any_more_does_not_fail_for_ever(
    arranged: Arranged, server: AgsServer, change: Callable[[Arranged], None]
) -> None:
    arranged.wants(5)
    arranged.work()
    server.will("results", Answer(500))
    reading.read(arranged.column.line_item_id)
    arranged.session.expire_all()
    course_id = arranged.course.course_id
    assert reading.readings(arranged.session, course_id).failed_at
    arranged.session.rollback()
    change(arranged)
    arranged.session.commit()
    assert reading.readings(arranged.session, course_id).failed_at is None
    asked = len(server.of("results"))
    reading.ask_if_due(arranged.session, course_id)
    arranged.session.commit()
    assert not arranged.session.scalars(
        text("select 1 from procrastinate_jobs where task_name = 'gradebook:read_results'")
    ).all()
    reading.read(arranged.column.line_item_id)
    assert len(server.of("results")) == asked


def test_a_binary_answer_is_told_without_what_no_database_keeps(
    arranged: Arranged, server: AgsServer
) -> None:
    arranged.wants(5)
    arranged.work()
    server.will("results", Answer(200, "\x00PNG\x00 \x1b[2J"))
    reading.read(arranged.column.line_item_id)
    arranged.session.expire_all()
    found = reading.readings(arranged.session, arranged.course.course_id)
    assert found.failed_at and found.detail.endswith("PNG [2J")


def _column(lms_class: Class) -> tuple[datetime | None, datetime | None]:
    lms_class.session.rollback()
    lms_class.session.expire_all()
    row = lms_class.session.scalars(select(LineItem)).one()
    return row.results_read_at, row.results_failed_at


def _jobs(lms_class: Class) -> int:
    lms_class.session.rollback()
    return int(
        lms_class.session.scalar(
            text(
                "select count(*) from procrastinate_jobs"
                " where task_name = 'gradebook:read_results' and status = 'todo'"
            )
        )
        or 0
    )


def test_where_results_may_not_be_read_nothing_is_asked(lms_class: Class, teacher: Visitor) -> None:
    lms_class.answer(1)
    lms_class.work()
    lms_class.session.execute(text("update lti_contexts set ags_scopes = '[]'"))
    lms_class.session.commit()
    teacher.get("grades/")
    assert _jobs(lms_class) == 0


def test_a_reading_is_not_held_up_by_a_score_that_waits(
    arranged: Arranged, server: AgsServer
) -> None:
    """Their jobs share a lock, so that no more than four requests run at once."""
    arranged.wants(5)
    arranged.work()
    slot = slot_of(arranged.column.line_item_id)
    subject = next(
        s for s in map(str, range(100, 200)) if slot_of(arranged.wants(7, s).outbox_id) == slot
    )
    server.is_down = True
    arranged.work()
    assert arranged.row(subject).status is ScoreStatus.WAITING
    server.is_down = False
    reading.ask_if_due(arranged.session, arranged.course.course_id)
    arranged.session.commit()
    jobs = arranged.session.scalars(text("select lock from procrastinate_jobs")).all()
    assert jobs.count(lock_of(arranged.registration.registration_id, slot)) == 2
    before = len(server.of("results"))
    arranged.work()
    assert len(server.of("results")) == before + 1
    assert "user_id" not in server.of("results")[-1].path


def test_a_score_sent_meanwhile_is_no_change(arranged: Arranged, server: AgsServer) -> None:
    """The reading began before it and shows the score before."""
    arranged.wants(5)
    arranged.work()
    row = arranged.row()
    row.sent_at = now() + timedelta(minutes=1)
    row.sent_score = row.score_given = Decimal(8)
    row.receipt = {"shown": "8"}
    arranged.session.commit()
    reading.read(arranged.column.line_item_id)
    assert arranged.row().status is ScoreStatus.SENT


def test_a_late_penalty_seen_right_after_sending_is_no_change(
    arranged: Arranged, server: AgsServer
) -> None:
    """The LMS takes something off by itself: what it showed right after the score is ours."""
    server.will("results", Answer(200, [{"userId": "4", "resultScore": 4, "resultMaximum": 10}]))
    arranged.wants(5)
    arranged.work()
    assert Decimal((arranged.row().receipt or {})["shown"]) == 4
    server.will("results", Answer(200, [{"userId": "4", "resultScore": 4, "resultMaximum": 10}]))
    reading.read(arranged.column.line_item_id)
    assert arranged.row().status is ScoreStatus.SENT


@pytest.mark.parametrize(
    "answers",
    [
        (Answer(200, "<html>"),),
        (Answer(200, "[{"),),
        (Answer(500),),
        (Answer(401), Answer(401)),
        (Answer(200, []),),
        (Answer(200, [{"userId": "4"}]),),
        (Answer(200, [{"userId": "4", "resultScore": None}]),),
    ],
    ids=["web page", "broken JSON", "500", "401", "empty", "no score", "null"],
)
def test_what_says_nothing_changes_nothing(
    arranged: Arranged, server: AgsServer, answers: tuple[Answer, ...]
) -> None:
    arranged.wants(5)
    arranged.work()
    server.will("results", *answers)
    reading.read(arranged.column.line_item_id)
    assert arranged.row().status is ScoreStatus.SENT


def test_pages_are_followed_on_the_same_host_alone(arranged: Arranged, server: AgsServer) -> None:
    arranged.wants(5)
    arranged.work()
    changed = [{"userId": "4", "resultScore": 1, "resultMaximum": 10}]

    def paged(to: str) -> Answer:
        return Answer(200, [], headers={"Link": f'<{to}>; rel="next"'})

    server.will("results", paged("https://elsewhere.example/results"))
    reading.read(arranged.column.line_item_id)
    assert arranged.row().status is ScoreStatus.SENT
    server.will("results", paged(f"{server.column_url()}&page=2".replace("?", "/results?")))
    server.will("results", Answer(200, changed))
    reading.read(arranged.column.line_item_id)
    assert arranged.row().status is ScoreStatus.CHANGED_IN_LMS


def test_a_gone_column_is_no_fault(arranged: Arranged, forget: Callable[[], None]) -> None:
    forget()
    reading.read(arranged.column.line_item_id)


@pytest.fixture
def forget(arranged: Arranged) -> Callable[[], None]:
    def now_gone() -> None:
        arranged.session.execute(text("delete from line_items"))
        arranged.session.commit()

    return now_gone


def test_many_scores_are_compared_in_one_reading(arranged: Arranged, server: AgsServer) -> None:
    arranged.many(20)
    arranged.work()
    column = arranged.session.scalars(text("select distinct line_item_id from score_outbox")).one()
    asked = len(server.of("results"))
    reading.read(column)
    assert len(server.of("results")) == asked + 1
    statuses = arranged.session.scalars(update(ScoreOutbox).returning(ScoreOutbox.status)).all()
    arranged.session.rollback()
    assert set(statuses) == {ScoreStatus.SENT}
