"""Columns of a course that goes on under another deployment: the former tool's, till a launch says.

An LMS may keep a column for the tool that it was made for, and refuse its address to another one.
So a score that is refused there is no lost one: each link's next launch names its column anew.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.gradebook import slots
from app.gradebook.delivery import SENTENCES
from app.gradebook.outbox import start_afresh
from lti_config.outcomes import Cause
from models import LineItem, ScoreOutbox, ScoreStatus, now


def take_over(session: Session, contexts: Sequence[UUID]) -> int:
    """The contexts have come under another registration: send by it what is not in the gradebook
    yet, what the former one was refused, too. How many scores that are.
    """
    ours = LineItem.context_id.in_(contexts)
    session.execute(
        update(LineItem)
        .where(ours, LineItem.resource_link_id.is_not(None))
        .values(inherited_at=now())
        .execution_options(synchronize_session=False)
    )
    return _send(session, ours, Cause.ACCESS)


def named(session: Session, column: LineItem, url: str) -> None:
    """A launch has named the address of a column that was inherited: what waits goes there."""
    column.url, column.inherited_at = url, None
    session.flush()
    _send(session, LineItem.line_item_id == column.line_item_id, Cause.ACCESS, Cause.GONE)


def _send(session: Session, columns: ColumnElement[bool], *causes: Cause) -> int:
    """Wake what waits or is on its way; what was refused for these causes waits again.

    Not of a column that was let go: another one has its link's scores.
    """
    is_refused = (
        (ScoreOutbox.status == ScoreStatus.REFUSED)
        & LineItem.resource_link_id.is_not(None)
        & or_(
            *(
                ScoreOutbox.last_error.startswith(SENTENCES[cause], autoescape=True)
                for cause in causes
            )
        )
    )
    is_pending = ScoreOutbox.status.in_((ScoreStatus.WAITING, ScoreStatus.SENDING))
    rows = session.scalars(
        select(ScoreOutbox)
        .join(LineItem, LineItem.line_item_id == ScoreOutbox.line_item_id)
        .where(columns, is_pending | is_refused)
        .order_by(ScoreOutbox.outbox_id)
        .with_for_update(of=ScoreOutbox)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        if row.status is not ScoreStatus.SENDING:
            row.status = ScoreStatus.WAITING
        start_afresh(row)
    session.flush()
    slots.wake(session, [row.outbox_id for row in rows])
    return len(rows)
