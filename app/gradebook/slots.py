"""Which worker delivers which score: four slots a registration, one job a slot, so four at once.

A score belongs to one slot by its id and is delivered by no other, so its versions stay in order.
A job would be held up by an earlier one of its lock even while that waits for its time: so each
slot has one waiting job at most, which is called earlier when there is something to do.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, cast, func, select, text
from sqlalchemy.orm import Session

from app.deferral import defer, hasten, hold
from models import Deployment, LineItem, LtiContext, ScoreOutbox

QUEUE = "gradebook"
SLOTS = 4
"""Requests at once at one platform: more run into the rate limits of real ones."""
_BESIDE, _USUAL, _PAUSED = 1, 0, -1
"""Priorities. What waits because the platform is down is not called earlier by new scores."""


def slot_of(outbox_id: UUID) -> int:
    """The slot that delivers this score, always the same."""
    return outbox_id.bytes[-1] % SLOTS


def in_slot(slot: int) -> ColumnElement[bool]:
    """The same for the database."""
    last_byte = func.get_byte(func.uuid_send(ScoreOutbox.outbox_id), 15)
    return cast(last_byte, Integer) % SLOTS == slot


def wake(session: Session, outbox_ids: Iterable[UUID], *, over_pause: bool = False) -> None:
    """Have these scores delivered as soon as this transaction is committed."""
    found = session.execute(
        select(Deployment.registration_id, ScoreOutbox.outbox_id)
        .join(LtiContext, LtiContext.deployment_id == Deployment.deployment_id)
        .join(LineItem, LineItem.context_id == LtiContext.context_id)
        .join(ScoreOutbox, ScoreOutbox.line_item_id == LineItem.line_item_id)
        .where(ScoreOutbox.outbox_id.in_(list(outbox_ids)))
    )
    called = {(registration_id, slot_of(outbox_id)) for registration_id, outbox_id in found}
    for registration_id, slot in sorted(called):  # in one order: nobody waits in a circle
        _call(session, registration_id, slot, over_pause=over_pause)


def queue(
    session: Session,
    registration_id: UUID,
    slot: int,
    at: datetime | None = None,
    *,
    is_pause: bool = False,
) -> bool:
    """Queue the slot's job, now or `at`; False if one waits already."""
    lock = lock_of(registration_id, slot)
    return defer(
        session,
        "gradebook:drain",
        queue=QUEUE,
        priority=_PAUSED if is_pause else _USUAL,
        lock=lock,
        queueing_lock=lock,
        schedule_at=at,
        registration_id=str(registration_id),
        slot=str(slot),
    )


def queue_beside(
    session: Session, task: str, registration_id: UUID, subject_id: UUID, **ids: str
) -> bool:
    """Queue another request to the platform, one of the four at a time, as the slots' jobs are.

    Before the slot's own job, which may wait for long. One per subject waits at most.
    """
    return defer(
        session,
        task,
        queue=QUEUE,
        priority=_BESIDE,
        lock=lock_of(registration_id, slot_of(subject_id)),
        queueing_lock=f"{task}:{subject_id}",
        schedule_at=None,
        **ids,
    )


def queue_lost(session: Session) -> int:
    """Queue the slots that should be at work and have no job, against whatever may lose one."""
    lost = session.execute(
        text("""
            select distinct registration_id, get_byte(uuid_send(outbox_id), 15) % :slots as slot
            from score_outbox
            join line_items using (line_item_id)
            join lti_contexts using (context_id)
            join deployments using (deployment_id)
            join registrations using (registration_id)
            left join institutions using (institution_id)
            where score_outbox.status in ('waiting', 'sending')
              and deployments.status = 'active' and registrations.status = 'active'
              and institutions.is_active is not false
              and coalesce(next_try_at, updated_at) < now() - interval '1 minute'
              and not exists (
                select from procrastinate_jobs
                where lock = 'scores:' || registration_id || ':'
                             || get_byte(uuid_send(outbox_id), 15) % :slots
                  and status in ('todo', 'doing'))
            order by registration_id, slot
        """),
        {"slots": SLOTS},
    ).all()
    for registration_id, slot in lost:
        queue(session, registration_id, slot)
    return len(lost)


def lock_of(registration_id: UUID, slot: int) -> str:
    return f"scores:{registration_id}:{slot}"


def _call(session: Session, registration_id: UUID, slot: int, *, over_pause: bool) -> None:
    """A job that starts after this transaction. One that waits is kept from starting before."""
    lock = lock_of(registration_id, slot)
    while not queue(session, registration_id, slot):
        if hasten(session, lock, from_priority=_PAUSED if over_pause else _USUAL):
            return
        if hold(session, lock):
            return
