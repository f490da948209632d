"""What the queue calls for this room: delivering scores, reading grades back, columns."""

import logging
from uuid import UUID

import procrastinate

from app.extensions import transaction
from app.gradebook import drains, reading, rescoring, seeking, slots

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


@blueprint.task(name="read_results", queue=slots.QUEUE)
def read_results(line_item_id: str) -> None:
    """Read a column of the LMS's gradebook back."""
    reading.read(UUID(line_item_id))


@blueprint.task(name="seek_column", queue=slots.QUEUE)
def seek_column(resource_link_id: str) -> None:
    """Look for the column of a link whose scores have nowhere to go."""
    _seek(UUID(resource_link_id), makes=False)


@blueprint.task(name="make_column", queue=slots.QUEUE)
def make_column(resource_link_id: str) -> None:
    """The same, and make it if there is none: a teacher has asked for it."""
    _seek(UUID(resource_link_id), makes=True)


def _seek(resource_link_id: UUID, *, makes: bool) -> None:
    """Who has answered already gets a score, too."""
    activity_id = seeking.seek(resource_link_id, makes=makes)
    if activity_id is not None:
        rescoring.rescore(activity_id)


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="sweep", queue=slots.QUEUE, queueing_lock="gradebook:sweep")
def sweep(timestamp: int) -> None:
    """Queue the slots whose scores wait, or were being sent, with no job to bring them on.

    So goes out, too, what was held while its connection was switched off.
    """
    with transaction() as session:
        drains.hold(session)
        lost = slots.queue_lost(session)
    if lost:
        log.warning("%d slots had scores to deliver and no job: queued again", lost)
