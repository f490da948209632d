"""What the queue calls for this room: reading a roster."""

from uuid import UUID

import procrastinate

from app.roster import sync

blueprint = procrastinate.Blueprint()


@blueprint.task(name="read")
def read(context_id: str) -> None:
    """Read the roster of one context. Failures of the LMS are outcomes, not failures of the job."""
    sync.read(UUID(context_id))
