"""The queue as a test sees and empties it."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import Settings
from app.jobs import run_worker

GIVEN_UP = "update procrastinate_jobs set status = 'failed' where status = 'todo'"


def waiting(session: Session, task: str) -> list[str]:
    """The states of the jobs of the materials' task of this name that are not over."""
    session.rollback()
    query = text(
        "select status::text from procrastinate_jobs"
        " where task_name = 'materials:' || :task and status in ('todo', 'doing')"
    )
    return list(session.scalars(query, {"task": task}))


def run(session: Session, statement: str) -> None:
    session.rollback()
    session.execute(text(statement))
    session.commit()


def work(session: Session, settings: Settings) -> None:
    """Until nothing is left to do: a worker that does not wait leaves what its last jobs queue."""
    due = "select count(*) from procrastinate_jobs where status = 'todo' and scheduled_at is null"
    for _ in range(10):
        run_worker(settings, wait=False)
        session.rollback()
        if not session.scalar(text(due)):
            return
    raise AssertionError("the work comes to no end")
