"""Who may launch: platforms, our client ids at them, and their deployments."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_config.addresses import TrustedHosts, check_url
from lti_config.errors import AddressRefused, LaunchRefused, RegistrationClash
from lti_config.texts import LONGEST_ID, is_identifier
from lti_config.tokens import Account, TokenRefused
from models import (
    Deployment,
    Institution,
    Invitation,
    Platform,
    Registration,
    RegistrationSource,
    RegistrationStatus,
    ToolSession,
    now,
)

UNKNOWN = "Your course's system is not connected to this CourseLLM. An administrator must add it."
SWITCHED_OFF = "The connection to your course's system is switched off here."
WAITS = (
    "Your course's system is registered, and waits until the people who run this CourseLLM approve "
    "it. Please come back then."
)


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


_OF_ISSUER = select(Registration).where(Registration.issuer == bindparam("issuer")).limit(2)
_OF_CLIENT = _OF_ISSUER.where(Registration.client_id == bindparam("client_id"))


def find(session: Session, issuer: str, client_id: str | None) -> Registration:
    """The registration that a login names; the client id may be absent if the issuer has but one.

    Raises LaunchRefused.
    """
    wanted = _OF_CLIENT if client_id else _OF_ISSUER
    found = session.scalars(wanted, {"issuer": issuer, "client_id": client_id}).all()
    if len(found) != 1:
        which = f"issuer {issuer[:200]!r}, client id {(client_id or '')[:200]!r}"
        how = "no registration" if not found else "more than one registration and no client id"
        raise LaunchRefused(400, UNKNOWN, f"login: {how} for {which}")
    check_active(found[0])
    return found[0]


def check_active(registration: Registration) -> None:
    """Raises LaunchRefused (403) unless the registration is switched on."""
    status = registration.status
    if status is not RegistrationStatus.ACTIVE:
        sentence = WAITS if status is RegistrationStatus.PENDING else SWITCHED_OFF
        reason = f"registration {registration.registration_id} is {status.value}"
        raise LaunchRefused(403, sentence, reason)


def check_still_active(session: Session, deployment_id: UUID) -> None:
    """For a launch that waited: raises LaunchRefused (403) if it was switched off meanwhile."""
    registration, deployment, school_is_active = session.execute(
        select(Registration, Deployment.status, Institution.is_active)
        .join(Deployment, Deployment.registration_id == Registration.registration_id)
        .outerjoin(Institution, Institution.institution_id == Deployment.institution_id)
        .where(Deployment.deployment_id == deployment_id)
    ).one()
    check_active(registration)
    if deployment is not RegistrationStatus.ACTIVE or school_is_active is False:
        raise LaunchRefused(403, SWITCHED_OFF, f"deployment {deployment_id} was switched off")


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
            found[name] = f"the {what} must have 1 to {LONGEST_ID} characters"
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


def set_status(session: Session, item_id: UUID, status: RegistrationStatus) -> str | None:
    """Switch a registration or a deployment on or off; says which it was, None for neither.

    Sessions that came by what is switched off end. Whoever approves a registration approves the
    deployments that it came with.
    """
    if status is RegistrationStatus.ACTIVE:
        _approve_deployments(session, item_id)
    if status is RegistrationStatus.DISABLED:
        came_by = (ToolSession.registration_id == item_id) | (ToolSession.deployment_id == item_id)
        session.execute(delete(ToolSession).where(came_by))
    for kind, key, name in (
        (Registration, Registration.registration_id, "registration"),
        (Deployment, Deployment.deployment_id, "deployment"),
    ):
        changed = session.execute(
            update(kind).where(key == item_id).values(status=status).returning(key)
        ).all()
        if changed:
            return name
    return None


def _approve_deployments(session: Session, registration_id: UUID) -> None:
    """While a registration waits nobody can launch, so no other deployment can be among them."""
    waiting = select(Registration.registration_id).where(
        Registration.registration_id == registration_id,
        Registration.status == RegistrationStatus.PENDING,
    )
    session.execute(
        update(Deployment)
        .where(Deployment.registration_id.in_(waiting))
        .values(status=RegistrationStatus.ACTIVE)
    )


def note_unknown_deployment(session: Session, registration_id: UUID, given: str) -> Deployment:
    """Keep a deployment that launched but is not known: adopted where that was allowed, else
    pending until an operator approves it. Safe when two launches bring it at once.
    """
    registration = session.execute(
        select(Registration)
        .where(Registration.registration_id == registration_id)
        .with_for_update()
    ).scalar_one()
    has_one = session.scalar(
        select(Deployment.deployment_id).where(
            Deployment.registration_id == registration_id,
            Deployment.status != RegistrationStatus.PENDING,
        )
    )
    adopts = registration.adopts_first_deployment and has_one is None
    status = RegistrationStatus.ACTIVE if adopts else RegistrationStatus.PENDING
    session.execute(
        insert(Deployment)
        .values(
            registration_id=registration_id,
            lti_deployment_id=given,
            status=status,
            institution_id=_invited(session, registration_id) if adopts else None,
            created_at=now(),
        )
        .on_conflict_do_nothing()
    )
    return session.execute(
        select(Deployment).where(
            Deployment.registration_id == registration_id, Deployment.lti_deployment_id == given
        )
    ).scalar_one()


def _invited(session: Session, registration_id: UUID) -> UUID | None:
    """The school that the registration's invitation was for."""
    return session.scalar(
        select(Invitation.institution_id).where(Invitation.registration_id == registration_id)
    )


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
