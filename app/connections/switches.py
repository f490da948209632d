"""What is switched on: a registration, its deployments, and the schools that these belong to."""

from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_config.approval import check_registration, switched_off
from models import (
    Deployment,
    Institution,
    Invitation,
    Registration,
    RegistrationStatus,
    ToolSession,
    now,
)


def switched_on() -> Select[UUID]:
    """The deployments for which anything may go out: themselves, registration and school are on."""
    return (
        select(Deployment.deployment_id)
        .join(Registration, Registration.registration_id == Deployment.registration_id)
        .outerjoin(Institution, Institution.institution_id == Deployment.institution_id)
        .where(
            Registration.status == RegistrationStatus.ACTIVE,
            Deployment.status == RegistrationStatus.ACTIVE,
            Institution.is_active.is_not(False),
        )
    )


def check_still_active(session: Session, deployment_id: UUID) -> None:
    """For a launch that waited: raises LaunchRefused (403) if it was switched off meanwhile."""
    registration, deployment, school_is_active = session.execute(
        select(Registration, Deployment.status, Institution.is_active)
        .join(Deployment, Deployment.registration_id == Registration.registration_id)
        .outerjoin(Institution, Institution.institution_id == Deployment.institution_id)
        .where(Deployment.deployment_id == deployment_id)
    ).one()
    check_registration(registration)
    if deployment is not RegistrationStatus.ACTIVE or school_is_active is False:
        raise switched_off(f"deployment {deployment_id} was switched off")


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
