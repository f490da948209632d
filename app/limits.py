"""How often something may be done: counted in the database, so that all workers count together."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import RateCounter, now

KEPT = timedelta(days=1)


def take(session: Session, key: str, *, most: int, window: timedelta) -> bool:
    """Count one use of `key`; whether it is one of the first `most` in its window."""
    seconds = window.total_seconds()
    moment = now()
    start = datetime.fromtimestamp(moment.timestamp() // seconds * seconds, moment.tzinfo)
    count = session.scalar(
        insert(RateCounter)
        .values(key=key, window_start=start, count=1)
        .on_conflict_do_update(
            index_elements=["key", "window_start"], set_={"count": RateCounter.count + 1}
        )
        .returning(RateCounter.count)
    )
    return (count or 0) <= most


def delete_old(session: Session) -> None:
    """Forget windows that are over."""
    session.execute(delete(RateCounter).where(RateCounter.window_start < now() - KEPT))
