"""Our client ids at platforms: added with the deployments they begin with, listed, made use of."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_config.addresses import TrustedHosts, check_url
from lti_config.errors import AddressRefused
from lti_config.texts import LONGEST_ID, is_identifier
from lti_config.tokens import Account, TokenRefused
from models import (
    Deployment,
    Platform,
    Registration,
    RegistrationSource,
    RegistrationStatus,
)


class RegistrationClash(Exception):
    """A platform or client id can't be registered as asked; the message says what to do."""


@dataclass(frozen=True)
class NewRegistration:
    """A platform and our client id there, as an operator gives them."""

    name: str
    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    deployments: tuple[str, ...] = ()
    """Allowed from the start. Without any, the first one that launches is adopted."""
    auth_audience: str | None = None
    school: str = ""
    """Its name, where one platform serves many."""
    product_family: str | None = None
    source: RegistrationSource = RegistrationSource.BY_HAND
    status: RegistrationStatus = RegistrationStatus.ACTIVE
    """Of its deployments, too: what was not asked for here waits for approval."""
    institution_id: UUID | None = None


def add(session: Session, new: NewRegistration, trusted: TrustedHosts) -> Registration:
    """Register our client id at a platform, which is added if it is new.

    Raises AddressRefused, RegistrationClash.
    """
    for fault in faults(new, trusted).values():
        raise AddressRefused(fault)
    _refuse_clash(session, new)
    platform = _platform(session, new)
    row = Registration(
        platform_id=platform.platform_id,
        issuer=new.issuer,
        client_id=new.client_id,
        auth_url=new.auth_url,
        token_url=new.token_url,
        auth_audience=new.auth_audience,
        name=new.school,
        source=new.source,
        status=new.status,
        adopts_first_deployment=not new.deployments,
    )
    row.deployments = [
        Deployment(lti_deployment_id=given, status=new.status, institution_id=new.institution_id)
        for given in dict.fromkeys(new.deployments)
    ]
    session.add(row)
    session.flush()
    return row


def account(session: Session, registration_id: UUID) -> Account:
    """Who we are at the registration's services.

    Raises TokenRefused if it is gone or switched off.
    """
    row = session.execute(
        select(Registration, Platform.product_family)
        .join(Platform, Platform.platform_id == Registration.platform_id)
        .where(Registration.registration_id == registration_id)
    ).one_or_none()
    if row is None or row.Registration.status is not RegistrationStatus.ACTIVE:
        raise TokenRefused("the registration is gone or switched off")
    found: Registration = row.Registration
    return Account(
        registration_id=found.registration_id,
        client_id=found.client_id,
        token_url=found.token_url,
        audience=found.auth_audience or found.token_url,
        product_family=row.product_family,
    )


def faults(new: NewRegistration, trusted: TrustedHosts) -> dict[str, str]:
    """What is wrong with each field of a registration, in words."""
    found = {}
    for name in ("auth_url", "token_url", "jwks_url"):
        if fault := address_fault(getattr(new, name), trusted):
            found[name] = fault
    ids = [("issuer", new.issuer), ("client_id", new.client_id)]
    for name, value in ids + [("deployments", one) for one in new.deployments]:
        if not is_identifier(value):
            what = name.removesuffix("s").replace("_", " ")
            found[name] = f"the {what} must have 1 to {LONGEST_ID} characters, no $ before them"
    return found


def address_fault(url: str, trusted: TrustedHosts) -> str | None:
    """What is wrong with an address of a platform, in words; None if it may be used."""
    if not url:
        return "an address that begins with https:// is needed"
    try:
        check_url(url, trusted)
    except AddressRefused as error:
        return str(error)
    return None if url.isascii() else f"not an address of plain letters: {url[:200]!r}"


def listed(session: Session) -> Sequence[tuple[Platform, Registration, Sequence[Deployment]]]:
    """All registrations with their platform and deployments, in the order of their making."""
    rows = session.execute(
        select(Platform, Registration)
        .join(Registration, Registration.platform_id == Platform.platform_id)
        .order_by(Registration.created_at)
    ).all()
    return [(platform, one, sorted(one.deployments, key=_age)) for platform, one in rows]


def _refuse_clash(session: Session, new: NewRegistration) -> None:
    taken = session.scalar(
        select(Registration.registration_id).where(
            Registration.issuer == new.issuer, Registration.client_id == new.client_id
        )
    )
    if taken:
        raise RegistrationClash(
            f"client id {new.client_id!r} of issuer {new.issuer!r} is registered already "
            f"({taken}). If this is another LMS with the same issuer, give that LMS an issuer of "
            "its own (Canvas: lti_iss in security.yml)."
        )


def _platform(session: Session, new: NewRegistration) -> Platform:
    """The platform is issuer and key set address: nobody else can sign for its people."""
    found = session.scalar(
        select(Platform).where(Platform.issuer == new.issuer, Platform.jwks_url == new.jwks_url)
    )
    platform = found or Platform(
        name=new.name,
        issuer=new.issuer,
        jwks_url=new.jwks_url,
        product_family=new.product_family,
    )
    session.add(platform)
    session.flush()
    return platform


def _age(deployment: Deployment) -> float:
    return deployment.created_at.timestamp()
