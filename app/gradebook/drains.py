"""A slot's run: deliver what is due, one score after another, then say when to come again."""

import random
import time
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app.connections.connecting import connect
from app.connections.switches import switched_on
from app.extensions import transaction
from app.gradebook import delivery, slots
from app.gradebook.outbox import HELD
from lti_config.outcomes import Transient
from lti_config.services import Service
from lti_config.tokens import TokenRefused
from models import Deployment, LineItem, LtiContext, ScoreOutbox, ScoreStatus, now

RUN_SECONDS = 10.0
"""After so long the slot queues up behind whatever else waits: other schools, other work."""
BATCH = 50
MOST_FAILURES = 2
"""So many failures of the platform in a row, and the rest of the slot is not even tried."""
PAUSE = timedelta(minutes=1)
_PENDING = (ScoreStatus.WAITING, ScoreStatus.SENDING)


def drain(registration_id: UUID, slot: int) -> None:
    """Deliver the slot's due scores, until none is, the time is up, or the platform is down."""
    ends = time.monotonic() + RUN_SECONDS
    failures: list[Transient] = []
    service: Service | TokenRefused | None = None
    while due := _due(registration_id, slot):
        service = service or _service(registration_id)  # asked for after what is switched on
        for outbox_id in due:
            settled = delivery.deliver(outbox_id, service)
            if isinstance(settled, Transient) and settled.is_of_platform:
                failures.append(settled)
            elif settled is not None:
                failures.clear()
            if len(failures) >= MOST_FAILURES or time.monotonic() > ends:
                break
        else:
            continue
        break
    with transaction() as session:
        is_down = len(failures) >= MOST_FAILURES
        _come_again(session, registration_id, slot, failures if is_down else [])


def _service(registration_id: UUID) -> Service | TokenRefused:
    try:
        return connect(registration_id)
    except TokenRefused as refused:
        return refused


def _due(registration_id: UUID, slot: int) -> list[UUID]:
    """The next scores, those that were never tried first. What says "sending" was left behind."""
    with transaction() as session:
        return list(
            session.scalars(
                select(ScoreOutbox.outbox_id)
                .where(*_pending(registration_id, slot))
                .where((ScoreOutbox.next_try_at <= now()) | ScoreOutbox.next_try_at.is_(None))
                .order_by(ScoreOutbox.next_try_at.nulls_first(), ScoreOutbox.updated_at)
                .limit(BATCH)
            )
        )


def _come_again(
    session: Session, registration_id: UUID, slot: int, failures: list[Transient]
) -> None:
    moment = now()
    if failures:
        pause = moment + _pause(failures)
        _rest(session, _pending(registration_id, slot), pause, failures[-1].reason)
    earliest = session.scalar(
        select(func.min(func.coalesce(ScoreOutbox.next_try_at, moment))).where(
            *_pending(registration_id, slot)
        )
    )
    if earliest is None:
        return
    if failures:
        slots.queue(session, registration_id, slot, max(earliest, pause), is_pause=True)
    else:
        slots.queue(session, registration_id, slot, _later(earliest, moment))


def _rest(
    session: Session, pending: list[ColumnElement[bool]], until: datetime, reason: str
) -> None:
    """What was not even tried waits with the others, and is given up after the same day."""
    moment = now()
    due = ScoreOutbox.next_try_at.is_(None) | (ScoreOutbox.next_try_at < until)
    is_over = ScoreOutbox.failing_since < moment - delivery.PATIENCE
    session.execute(
        update(ScoreOutbox)
        .where(*pending, due, is_over)
        .values(
            status=ScoreStatus.REFUSED,
            next_try_at=None,
            last_error=f"{delivery.GIVEN_UP}\n{reason}",
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(ScoreOutbox)
        .where(*pending, due)
        .values(
            failing_since=func.coalesce(ScoreOutbox.failing_since, moment),
            next_try_at=until,
            last_error=f"{delivery.NOT_REACHED}\n{reason}",
        )
        .execution_options(synchronize_session=False)
    )


def _pause(failures: list[Transient]) -> timedelta:
    asked = max(one.retry_after or timedelta() for one in failures)
    return max(asked, PAUSE) * random.uniform(1, 1.2)  # noqa: S311 - spreads load, guards nothing


def _later(at: datetime, moment: datetime) -> datetime | None:
    return at if at > moment else None


def _pending(registration_id: UUID, slot: int) -> list[ColumnElement[bool]]:
    """The registration's scores of this slot that wait, or were being sent when a worker died."""
    columns = (
        select(LineItem.line_item_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            Deployment.registration_id == registration_id,
            Deployment.deployment_id.in_(switched_on()),
        )
    )
    return [
        ScoreOutbox.line_item_id.in_(columns),
        ScoreOutbox.status.in_(_PENDING),
        slots.in_slot(slot),
    ]


def hold(session: Session) -> None:
    """What can't go out since its connection is switched off waits, however long that takes.

    It says so, and its failures of before don't count when it is tried again.
    """
    columns = (
        select(LineItem.line_item_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .where(LtiContext.deployment_id.not_in(switched_on()))
    )
    session.execute(
        update(ScoreOutbox)
        .where(
            ScoreOutbox.line_item_id.in_(columns),
            ScoreOutbox.status.in_(_PENDING),
            ScoreOutbox.last_error.is_distinct_from(HELD),
        )
        .values(attempts=0, failing_since=None, next_try_at=None, last_error=HELD)
        .execution_options(synchronize_session=False)
    )
