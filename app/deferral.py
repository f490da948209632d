"""Deferring a job inside a step's transaction: the job exists if and only if the step commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import text
from sqlalchemy.orm import Session

_by_name = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(
    session: Session,
    task: str,
    *,
    queue: str = "default",
    priority: int = 0,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_at: datetime | None = None,
    **ids: str,
) -> bool:
    """Queue a job by its name on the session's own connection.

    Arguments are ids as text, never text of people. With a `queueing_lock` a job that already
    waits under that lock serves for this one too (False then); jobs of one `lock` run one after
    another.
    """
    options: dict[str, Any] = {
        "queue": queue,
        "priority": priority,
        "lock": lock,
        "queueing_lock": queueing_lock,
        "schedule_at": schedule_at,
    }
    if queueing_lock is not None and _waits(session, queueing_lock):
        return False
    try:  # another may come in between: then the database's own index says so
        with session.begin_nested():
            connection = session.connection().connection.driver_connection
            _by_name.configure_task(task, connection=connection, **options).defer(**ids)
    except AlreadyEnqueued:
        return False
    return True


def hasten(session: Session, queueing_lock: str, *, from_priority: int | None = None) -> bool:
    """Let the job that waits under this lock for a later time run now; whether one did.

    `from_priority`: leave it alone if it has a lower one.
    """
    hastened = session.execute(
        text(
            "update procrastinate_jobs set scheduled_at = null"
            " where queueing_lock = :lock and status = 'todo' and scheduled_at is not null"
            " and priority >= coalesce(:least, priority) returning id"
        ),
        {"lock": queueing_lock, "least": from_priority},
    ).all()
    return bool(hastened)


def under_way(session: Session, queueing_locks: Sequence[str]) -> set[str]:
    """Those of the locks under which a job waits or runs."""
    found = session.scalars(
        text(
            "select queueing_lock from procrastinate_jobs"
            " where queueing_lock = any(:locks) and status in ('todo', 'doing')"
        ),
        {"locks": list(queueing_locks)},
    )
    return set(found)


def is_awaited(session: Session, lock: str) -> bool:
    """Whether a job that is due waits for this lock."""
    return bool(
        session.scalar(
            text(
                "select exists (select from procrastinate_jobs where lock = :lock"
                " and status = 'todo' and (scheduled_at is null or scheduled_at <= now()))"
            ),
            {"lock": lock},
        )
    )


def hold(session: Session, queueing_lock: str) -> bool:
    """Keep the job that waits under this lock from starting before this transaction is committed.

    False if none waits (any more).
    """
    held = session.execute(
        text(
            "select id from procrastinate_jobs"
            " where queueing_lock = :lock and status = 'todo' for share"
        ),
        {"lock": queueing_lock},
    ).all()
    return bool(held)


def _waits(session: Session, queueing_lock: str) -> bool:
    return bool(
        session.scalar(
            text(
                "select exists (select from procrastinate_jobs"
                " where queueing_lock = :lock and status = 'todo')"
            ),
            {"lock": queueing_lock},
        )
    )
