"""Jobs: they exist only if their step commits, and a dead worker's are taken up again."""

import threading
import uuid
from typing import Any

import pytest
from flask import Flask
from procrastinate.periodic import PeriodicDeferrer
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import deferral, jobs
from app.config import Settings
from app.deferral import defer
from app.extensions import transaction
from app.jobs import opened_queue, run_worker
from tests.workers import until

COUNT = text("select count(*) from procrastinate_jobs where task_name = 'house:sweep_sessions'")


def _later(session: Session, **given: str | None) -> None:
    defer(session, "house:sweep_sessions", timestamp="0", **given)  # type: ignore[arg-type]


def test_a_job_is_there_when_the_step_commits(app: Flask, session: Session) -> None:
    with transaction() as step:
        _later(step)
    assert session.scalar(COUNT) == 1


def test_a_job_is_gone_when_the_step_fails(app: Flask, session: Session) -> None:
    with pytest.raises(RuntimeError), transaction() as step:
        _later(step)
        raise RuntimeError
    assert session.scalar(COUNT) == 0


def test_a_waiting_job_serves_for_the_next_one_of_its_lock(app: Flask, session: Session) -> None:
    with transaction() as step:
        _later(step, queueing_lock="once")
        _later(step, queueing_lock="once")
        step.execute(text("select 1"))  # the step goes on
    assert session.scalar(COUNT) == 1


def test_a_job_that_waits_already_is_no_error_in_the_databases_log(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for first: the second insert is not tried."""
    configure, tried = deferral._by_name.configure_task, list[str]()

    def count(task: str, **options: Any) -> Any:
        tried.append(task)
        return configure(task, **options)

    monkeypatch.setattr(deferral._by_name, "configure_task", count)
    with transaction() as step:
        assert defer(step, "house:sweep_sessions", queueing_lock="once", timestamp="0")
        assert not defer(step, "house:sweep_sessions", queueing_lock="once", timestamp="0")
    assert tried == ["house:sweep_sessions"]


def test_of_two_steps_at_once_one_queues_the_job(app: Flask, session: Session) -> None:
    """Neither sees the other's: the second waits for the first, and takes its job for its own."""
    came: list[bool] = []

    def second() -> None:
        with app.app_context(), transaction() as step:
            came.append(defer(step, "house:sweep_sessions", queueing_lock="once", timestamp="0"))

    with transaction() as step:
        _later(step, queueing_lock="once")
        thread = threading.Thread(target=second)
        thread.start()
        until(lambda: _is_blocked(session), 30)
    thread.join(30)
    assert came == [False] and session.scalar(COUNT) == 1


def _is_blocked(session: Session) -> bool:
    session.rollback()
    query = "select count(*) from pg_locks where not granted and locktype = 'transactionid'"
    return bool(session.scalar(text(query)))


def test_a_dead_workers_job_is_run_again(app: Flask, session: Session, settings: Settings) -> None:
    """As after kill -9: the job says "doing", its worker's heartbeat is old."""
    with transaction() as step:
        _later(step)
        worker = step.scalar(
            text(
                "insert into procrastinate_workers (last_heartbeat)"
                " values (now() - interval '1 hour') returning id"
            )
        )
        step.execute(
            text("update procrastinate_jobs set status = 'doing', worker_id = :worker"),
            {"worker": worker},
        )
        defer(step, "house:take_up_stalled", timestamp="0")
    run_worker(settings, wait=False)
    run_worker(settings, wait=False)
    left = session.scalars(text("select task_name from procrastinate_jobs")).all()
    assert "house:sweep_sessions" not in left, "it succeeded, and what succeeded is deleted"


def test_a_job_that_cannot_wait_again_leaves_the_work_to_the_one_that_waits(
    app: Flask, session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails while another waits under its queueing lock; it may not keep its lock for ever."""
    runs: list[str] = []

    def fail_once(step: Session) -> None:
        runs.append("run")
        if len(runs) == 1:
            with transaction() as other:
                _later(other, lock="one at a time", queueing_lock="once")
            raise RuntimeError

    async def nothing_by_the_clock(_self: PeriodicDeferrer) -> None: ...

    monkeypatch.setattr(PeriodicDeferrer, "worker", nothing_by_the_clock)
    monkeypatch.setattr(jobs.sessions, "delete_expired", fail_once)
    with transaction() as step:
        _later(step, lock="one at a time", queueing_lock="once")
    run_worker(settings, wait=False)
    run_worker(settings, wait=False)
    assert runs == ["run", "run"]
    assert session.scalar(COUNT) == 0


def test_every_rooms_jobs_are_known_however_often_one_looks(settings: Settings) -> None:
    with opened_queue(settings) as queue:
        names = set(queue.tasks)
    assert "house:take_up_stalled" in names
    with opened_queue(settings) as queue:
        assert set(queue.tasks) == names


def test_arguments_are_ids(app: Flask, session: Session) -> None:
    material = str(uuid.uuid4())
    with transaction() as step:
        defer(step, "materials:index_words", material_id=material)
    assert session.scalar(text("select args ->> 'material_id' from procrastinate_jobs")) == material
