"""Deferring a job inside a step's transaction: the job exists if and only if the step commits."""

from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
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
) -> None:
    """Queue a job by its name on the session's own connection.

    Arguments are ids as text, never text of people. With a `queueing_lock` a job that already
    waits under that lock serves for this one too; jobs of one `lock` run one after another.
    """
    options: dict[str, Any] = {
        "queue": queue,
        "priority": priority,
        "lock": lock,
        "queueing_lock": queueing_lock,
        "schedule_at": schedule_at,
    }
    try:
        with session.begin_nested():
            connection = session.connection().connection.driver_connection
            _by_name.configure_task(task, connection=connection, **options).defer(**ids)
    except AlreadyEnqueued:
        pass
