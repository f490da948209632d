"""Standing in line for what may be added only once."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def wait_for(session: Session, what: str) -> None:
    """Hold others who ask for the same thing back until this transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))
