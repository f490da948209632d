"""Many scores at once: four requests at a time, in order, none twice, none held up by another."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import config
from app.config import Settings
from app.extensions import transaction
from app.gradebook import drains, slots
from app.gradebook.delivery import GIVEN_UP, NOT_REACHED, PATIENCE
from app.gradebook.outbox import send_again
from app.gradebook.slots import SLOTS, lock_of, slot_of, wake
from app.jobs import run_worker
from models import ScoreOutbox, ScoreStatus, now
from tests.gradebook.ags_server import AgsServer, Answer, serving
from tests.gradebook.arranged import Arranged, arrange
from tests.gradebook.test_killed_worker import until, worker

STUDENTS = 60


def _statuses(session: Session) -> Counter[ScoreStatus]:
    session.rollback()
    return Counter(session.scalars(select(ScoreOutbox.status)))


def _delivered(server: AgsServer) -> Counter[tuple[str, str]]:
    return Counter(
        (one.path, one.body["userId"]) for one in server.of("score") if one.status == 200
    )


class TestWorkersAtOnce:
    """Two workers and one school: the bar's properties on a small scale (`make bench B=scores`)."""

    def test_each_score_arrives_once_and_at_most_four_are_sent_at_once(
        self, arranged: Arranged, server: AgsServer, settings: Settings
    ) -> None:
        server.latency = 0.02
        arranged.many(STUDENTS, columns=3)
        with worker(settings), worker(settings):
            until(lambda: _statuses(arranged.session) == {ScoreStatus.SENT: STUDENTS}, 120)
        delivered = _delivered(server)
        assert len(delivered) == STUDENTS
        assert set(delivered.values()) == {1}
        assert 2 <= server.most_at_once <= SLOTS

    def test_scores_that_change_meanwhile_arrive_in_order(
        self, arranged: Arranged, server: AgsServer, settings: Settings
    ) -> None:
        server.latency = 0.05
        subjects = [str(i) for i in range(12)]
        with worker(settings), worker(settings):
            for given in (1, 3, 6, 8):
                for subject in subjects:
                    arranged.wants(given, subject)
            until(
                lambda: (
                    _statuses(arranged.session) == {ScoreStatus.SENT: len(subjects)}
                    and all(arranged.row(s).sent_score == 8 for s in subjects)
                ),
                120,
            )
        assert server.out_of_order() == server.doubled() == 0
        for subject in subjects:
            sent = [
                one.body["scoreGiven"]
                for one in server.of("score")
                if one.body["userId"] == subject
            ]
            assert sent == sorted(set(sent)), "in order, none twice"
            assert sent[-1] == 8

    def test_tokens_are_asked_for_once(
        self, arranged: Arranged, server: AgsServer, settings: Settings
    ) -> None:
        server.latency = 0.1
        arranged.many(STUDENTS)
        with worker(settings), worker(settings):
            until(lambda: _statuses(arranged.session) == {ScoreStatus.SENT: STUDENTS}, 120)
        asked = Counter(one.body for one in server.of("token"))
        assert sum(asked.values()) == 2, "one to send scores, one to read results"


@pytest.fixture
def other(app: Flask, session: Session) -> Iterator[Arranged]:
    with serving() as server:
        yield arrange(session, server)


def test_a_score_belongs_to_one_slot_in_python_and_in_the_database(arranged: Arranged) -> None:
    ids = arranged.many(40)
    found: dict[int, set[Any]] = {
        slot: set(
            arranged.session.scalars(select(ScoreOutbox.outbox_id).where(slots.in_slot(slot)))
        )
        for slot in range(SLOTS)
    }
    assert all(one in found[slot_of(one)] for one in ids)
    assert sum(map(len, found.values())) == len(ids)
    assert all(found.values())


def test_one_student_who_has_to_wait_holds_up_no_other(
    arranged: Arranged, server: AgsServer
) -> None:
    waiting = arranged.wants(5, "4")
    server.will("score", Answer(502, "<html>Bad Gateway"))
    arranged.work()
    assert arranged.row("4").status is ScoreStatus.WAITING
    same_slot = _another_of(arranged, slot_of(waiting.outbox_id))
    arranged.work()
    assert arranged.row(same_slot).status is ScoreStatus.SENT
    assert arranged.row("4").status is ScoreStatus.WAITING
    jobs = arranged.session.execute(text("select lock, scheduled_at from procrastinate_jobs")).all()
    assert [job.lock for job in jobs] == [
        lock_of(arranged.registration.registration_id, slot_of(waiting.outbox_id))
    ]
    assert jobs[0].scheduled_at == arranged.row("4").next_try_at


def _another_of(arranged: Arranged, slot: int) -> str:
    """A score of another student that the same slot delivers."""
    for subject in map(str, range(100, 200)):
        row = arranged.wants(7, subject)
        if slot_of(row.outbox_id) == slot:
            return subject
    raise AssertionError("no score of this slot among a hundred")


class TestAPlatformThatIsDown:
    def test_is_left_alone_after_two_failures(self, arranged: Arranged, server: AgsServer) -> None:
        server.is_down = True
        arranged.many(STUDENTS)
        arranged.work()
        assert len(server.got) == SLOTS * drains.MOST_FAILURES, "each slot asks twice"
        assert _statuses(arranged.session) == {ScoreStatus.WAITING: STUDENTS}
        soonest = arranged.session.scalar(text("select min(scheduled_at) from procrastinate_jobs"))
        assert soonest is not None
        assert soonest > now() + drains.PAUSE / 2

    def test_new_scores_do_not_end_its_rest_but_a_teacher_does(
        self, arranged: Arranged, server: AgsServer
    ) -> None:
        server.is_down = True
        ids = arranged.many(STUDENTS)
        arranged.work()
        asked = len(server.got)
        for subject in map(str, range(20)):
            arranged.wants(5, subject)
        arranged.work()
        assert len(server.got) == asked
        server.is_down = False
        send_again(arranged.session, arranged.course.course_id, ids[0])
        arranged.session.commit()
        arranged.work()
        row = arranged.session.get_one(ScoreOutbox, ids[0], populate_existing=True)
        assert row.status is ScoreStatus.SENT

    def test_says_how_long_it_wants_to_rest(self, arranged: Arranged, server: AgsServer) -> None:
        busy = Answer(429, "slow down", headers={"Retry-After": "1800"})
        server.will("score", *[busy] * SLOTS * drains.MOST_FAILURES)
        arranged.many(STUDENTS)
        arranged.work()
        assert len(server.of("score")) == SLOTS * drains.MOST_FAILURES
        soonest = arranged.session.scalar(text("select min(scheduled_at) from procrastinate_jobs"))
        assert soonest is not None
        assert soonest > now() + timedelta(minutes=29)

    def test_what_is_not_even_tried_says_so_and_is_given_up_after_the_same_day(
        self, arranged: Arranged, server: AgsServer
    ) -> None:
        server.is_down = True
        arranged.many(STUDENTS)
        arranged.work()
        rows = arranged.session.scalars(select(ScoreOutbox)).all()
        assert all((row.last_error or "").startswith(NOT_REACHED) for row in rows)
        assert all(row.next_try_at and row.next_try_at > now() for row in rows)
        for _ in range(2):
            arranged.hours_pass(PATIENCE / 2 + timedelta(minutes=1))
            arranged.work()
        arranged.session.expire_all()
        assert _statuses(arranged.session) == {ScoreStatus.REFUSED: STUDENTS}
        rows = arranged.session.scalars(select(ScoreOutbox)).all()
        assert all((row.last_error or "").startswith(GIVEN_UP) for row in rows)
        assert len(server.got) <= 3 * SLOTS * drains.MOST_FAILURES

    def test_another_school_is_served_meanwhile(
        self, arranged: Arranged, server: AgsServer, other: Arranged
    ) -> None:
        server.is_down = True
        arranged.many(STUDENTS)
        other.many(STUDENTS)
        arranged.work()
        assert len(_delivered(other.server)) == STUDENTS

    def test_down_for_six_hours_everything_arrives_after(
        self, arranged: Arranged, server: AgsServer
    ) -> None:
        server.is_down = True
        arranged.many(STUDENTS)
        for _ in range(12):
            arranged.work()
            arranged.hours_pass(timedelta(minutes=30))
        assert _statuses(arranged.session) == {ScoreStatus.WAITING: STUDENTS}
        server.is_down = False
        for _ in range(3):
            arranged.hours_pass(timedelta(hours=1))
            arranged.work()
        assert _statuses(arranged.session) == {ScoreStatus.SENT: STUDENTS}
        assert set(_delivered(server).values()) == {1}


def test_a_run_that_takes_long_queues_up_behind_other_work(
    arranged: Arranged, server: AgsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "RUN_SECONDS", 0.0)
    ids = arranged.many(8)
    slot = slot_of(ids[0])
    drains.drain(arranged.registration.registration_id, slot)
    assert len(server.of("score")) == 1
    left = arranged.session.scalar(
        select(func.count()).where(ScoreOutbox.status == ScoreStatus.WAITING, slots.in_slot(slot))
    )
    jobs = arranged.session.scalar(
        text("select count(*) from procrastinate_jobs where lock = :lock and scheduled_at is null"),
        {"lock": lock_of(arranged.registration.registration_id, slot)},
    )
    assert jobs == 1
    assert left is not None


def test_a_job_that_waits_already_does_not_start_before_the_score_is_there(
    app: Flask, arranged: Arranged, server: AgsServer
) -> None:
    """Else it would find nothing, and the score would lie until the sweep."""
    first = arranged.wants(5, "4")
    subject = _another_of(arranged, slot_of(first.outbox_id))
    row = arranged.row(subject)
    arranged.session.rollback()
    has_called, may_commit = threading.Event(), threading.Event()

    def call() -> None:
        with app.app_context(), transaction() as session:
            found = session.get_one(ScoreOutbox, row.outbox_id)
            found.score_given += 1
            found.version += 1
            session.flush()
            wake(session, [row.outbox_id])
            has_called.set()
            may_commit.wait(30)

    caller = threading.Thread(target=call)
    caller.start()
    assert has_called.wait(30)
    run_worker(config.current(), wait=False)
    may_commit.set()
    caller.join()
    arranged.work()
    assert arranged.row(subject).sent_score == 8
