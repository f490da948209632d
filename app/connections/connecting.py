"""The way to the services of a registration, with the settings of this installation."""

from uuid import UUID

from app import config
from app.connections import registrations
from app.connections.tokens import SharedTokens
from app.extensions import transaction
from lti_config.http import MOST_BYTES, Client
from lti_config.services import Service


def connect(registration_id: UUID, *, most_bytes: int = MOST_BYTES) -> Service:
    """`most_bytes`: of one answer. Raises TokenRefused if the registration is gone or off."""
    settings = config.current()
    with transaction() as session:
        account = registrations.account(session, registration_id)
    client = Client.trusting(settings.trusted_private_hosts, most_bytes=most_bytes)
    return Service(account, client, SharedTokens(account, client, settings.secret_keys))
