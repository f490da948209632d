"""The way to the services of a registration, with the settings of this installation."""

from uuid import UUID

from app import config
from app.extensions import transaction
from lti_config import services
from lti_config.http import Client
from lti_config.services import Service


def connect(registration_id: UUID) -> Service:
    """Raises TokenRefused if the registration is gone or switched off."""
    settings = config.current()
    return services.connect(
        registration_id,
        steps=transaction,
        client=Client.trusting(settings.trusted_private_hosts),
        secret_keys=settings.secret_keys,
    )
