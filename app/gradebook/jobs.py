"""What the queue calls for this room: delivering scores, and looking for lost ones."""

import logging
from uuid import UUID

import procrastinate

from app.extensions import transaction
from app.gradebook import drains, rescoring, slots

log = logging.getLogger("coursellm.gradebook")

blueprint = procrastinate.Blueprint()


@blueprint.task(name="drain", queue=slots.QUEUE)
def drain(registration_id: str, slot: str) -> None:
    """Bring a slot's scores into the LMS. Failures of the LMS are outcomes, not of the job."""
    drains.drain(UUID(registration_id), int(slot))


@blueprint.task(name="rescore", queue=slots.QUEUE)
def rescore(activity_id: str) -> None:
    """Make the scores of an activity anew."""
    rescoring.rescore(UUID(activity_id))


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="sweep", queue=slots.QUEUE, queueing_lock="gradebook:sweep")
def sweep(timestamp: int) -> None:
    """Queue the slots whose scores wait, or were being sent, with no job to bring them on."""
    with transaction() as session:
        lost = slots.queue_lost(session)
    if lost:
        log.warning("%d slots had scores to deliver and no job: queued again", lost)
