"""An LMS that tests of links in a browser are registered with; its pages are the tests' own."""

from sqlalchemy.orm import Session

from app.connections import registrations
from lti_config.addresses import TrustedHosts
from models import Registration

LMS = "https://lms.example"


def registered(session: Session, client_id: str = "tool") -> Registration:
    """Registered by hand, with one deployment."""
    new = registrations.NewRegistration(
        name="LMS",
        issuer=LMS,
        client_id=client_id,
        auth_url=f"{LMS}/auth",
        token_url=f"{LMS}/token",
        jwks_url=f"{LMS}/jwks",
        deployments=("1",),
    )
    return registrations.add(session, new, TrustedHosts(()))
