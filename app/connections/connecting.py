"""The way to the services of a registration, with the settings of this installation."""

from uuid import UUID

from sqlalchemy.orm import Session

from app import config
from app.connections import health, registrations
from app.extensions import transaction
from lti_config.errors import Fault
from lti_config.http import MOST_BYTES, Client
from lti_config.services import Service


def connect(registration_id: UUID, *, most_bytes: int = MOST_BYTES) -> Service:
    """`most_bytes`: of one answer. Raises TokenRefused if the registration is gone or off."""
    settings = config.current()
    with transaction() as session:
        account = registrations.account(session, registration_id)
    return Service(
        account,
        Client.trusting(settings.trusted_private_hosts, most_bytes=most_bytes),
        steps=transaction,
        secret_keys=settings.secret_keys,
        note=_note,
    )


def _note(session: Session, registration_id: UUID, failure: str | None) -> None:
    if failure is None:
        health.note_token(session, registration_id)
    else:
        health.note_error(session, registration_id, Fault.TOKEN, failure)
