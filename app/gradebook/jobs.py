"""What the queue calls for this room: delivering a score, and looking for lost ones."""

import logging
from uuid import UUID

import procrastinate

from app.extensions import transaction
from app.gradebook import delivery, outbox

log = logging.getLogger("coursellm.gradebook")

blueprint = procrastinate.Blueprint()


@blueprint.task(name="deliver", queue=outbox.QUEUE)
def deliver(outbox_id: str) -> None:
    """Bring one score into the LMS. Failures of the LMS are outcomes, not failures of the job."""
    delivery.deliver(UUID(outbox_id))


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="sweep", queue=outbox.QUEUE, queueing_lock="gradebook:sweep")
def sweep(timestamp: int) -> None:
    """Queue the scores that wait, or were being sent, with no job to bring them on."""
    with transaction() as session:
        lost = outbox.queue_lost(session)
    if lost:
        log.warning("%d scores had lost their delivery: queued again", lost)
