"""What the queue calls for this room: sweeping up what has run out."""

import procrastinate

from app.connections import invitations, tokens
from app.extensions import transaction
from app.launch import waiting
from lti_config import keys, states

blueprint = procrastinate.Blueprint()


@blueprint.periodic(cron="*/10 * * * *")
@blueprint.task(name="sweep", queueing_lock="launch:sweep")
def sweep(timestamp: int) -> None:
    """Delete logins, waiting launches, service tokens, keys and counts that have ended."""
    with transaction() as session:
        waiting.delete_expired(session)
        states.delete_expired(session)
        tokens.delete_expired(session)
        keys.delete_retired(session)
        invitations.delete_old_counts(session)
