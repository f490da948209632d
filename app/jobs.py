"""Everything that happens outside a request: the rooms' jobs and the periodic tasks."""

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import procrastinate
from procrastinate import JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from app import limits
from app import session as sessions
from app.admin import entrance
from app.config import Settings
from app.extensions import transaction

log = logging.getLogger("coursellm.jobs")

HEARTBEAT_SECONDS = 5.0
"""How often a worker says that it lives."""
STALLED_SECONDS = 20.0
"""Silence after which a worker counts as dead and its jobs are taken up again."""
POLLING_SECONDS = 0.5
"""A new job is announced; one that waited for another's lock is found by looking."""
CONCURRENCY = 6
"""One course takes five at most: two files that are read, one that is copied, one for vectors, one
for pictures."""

ROOMS = ("materials", "gradebook", "launch", "roster")
"""Rooms that have jobs."""

own = procrastinate.Blueprint()


class _JobManager(JobManager):
    """Gives a job up that cannot wait again, since another waits under its queueing lock: that one
    does the work. As it comes the library fails here, and the job counts as running, and keeps its
    lock, as long as its worker lives."""

    async def retry_job(self, job: Job, *args: Any, **when: Any) -> None:
        try:
            await super().retry_job(job, *args, **when)
        except UniqueViolation:
            log.warning("job %s (%s) leaves its work to one that waits", job.id, job.task_name)
            await self.finish_job(job, Status.FAILED, delete_job=True)


@own.periodic(cron="* * * * * */10")  # the sixth field is the seconds'
@own.task(name="take_up_stalled", queueing_lock="take_up_stalled", pass_context=True)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """Queue again the jobs that a dead worker left behind. Every job can be run twice."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        log.warning("job %s (%s) was left by a dead worker: queued again", job.id, job.task_name)
        await manager.retry_job(job)


@own.periodic(cron="*/15 * * * *")
@own.task(
    name="sweep_sessions",
    queueing_lock="sweep_sessions",
    retry=RetryStrategy(max_attempts=2),
)
def sweep_sessions(timestamp: int) -> None:
    """Delete sessions that have ended, of people and of operators, and counters of what is over."""
    with transaction() as session:
        sessions.delete_expired(session)
        entrance.delete_expired(session)
        limits.delete_old(session)


@cache
def _all_jobs() -> procrastinate.App:
    """Every room's jobs, each named `<room>:<job>`. Once: merging renames the tasks themselves."""
    queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
    queue.job_manager = _JobManager(queue.connector)
    queue.add_tasks_from(own, namespace="house")
    for room in ROOMS:
        jobs = importlib.import_module(f"app.{room}.jobs")
        queue.add_tasks_from(jobs.blueprint, namespace=room)
    return queue


@contextmanager
def opened_queue(settings: Settings) -> Iterator[procrastinate.App]:
    """The queue with every room's jobs, open on the installation's own database."""
    conninfo = settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    connector = PsycopgConnector(conninfo=conninfo)
    with _all_jobs().replace_connector(connector) as queue, queue.open():
        yield queue


def run_worker(settings: Settings, *, wait: bool = True) -> None:
    """Work until told to stop; with `wait=False` until nothing is due."""
    with opened_queue(settings) as queue:
        queue.run_worker(
            concurrency=CONCURRENCY,
            wait=wait,
            install_signal_handlers=wait,
            listen_notify=wait,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            fetch_job_polling_interval=POLLING_SECONDS,
            shutdown_graceful_timeout=10.0,
            delete_jobs="successful",
        )
