"""Institutions: the schools behind deployments."""

from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import DomainError, NotFound
from models import Deployment, Institution, ToolSession

LONGEST = 200


class InstitutionRefused(DomainError):
    """The name can't be taken."""

    status = 422


def add(session: Session, name: str) -> Institution:
    """Add a school. Raises InstitutionRefused."""
    row = Institution(name=_checked(session, name))
    session.add(row)
    session.flush()
    return row


def rename(session: Session, institution_id: UUID, name: str) -> Institution:
    """Give a school another name. Raises NotFound, InstitutionRefused."""
    row = find(session, institution_id)
    row.name = _checked(session, name, but=institution_id)
    return row


def set_active(session: Session, institution_id: UUID, is_active: bool) -> Institution:
    """Switch a school on or off. Off ends the sessions that came by its deployments."""
    row = find(session, institution_id)
    row.is_active = is_active
    if not is_active:
        its = select(Deployment.deployment_id).where(Deployment.institution_id == institution_id)
        session.execute(delete(ToolSession).where(ToolSession.deployment_id.in_(its)))
    return row


def assign(session: Session, deployment_id: UUID, institution_id: UUID | None) -> Deployment:
    """Say which school a deployment belongs to; None for no school. Raises NotFound."""
    deployment = session.get(Deployment, deployment_id)
    if deployment is None:
        raise NotFound("There is no such deployment.", reason=f"deployment {deployment_id}")
    if institution_id is not None and not find(session, institution_id).is_active:
        session.execute(delete(ToolSession).where(ToolSession.deployment_id == deployment_id))
    deployment.institution_id = institution_id
    return deployment


def find(session: Session, institution_id: UUID) -> Institution:
    """Raises NotFound."""
    row = session.get(Institution, institution_id)
    if row is None:
        raise NotFound("There is no such institution.", reason=f"institution {institution_id}")
    return row


def _checked(session: Session, name: str, but: UUID | None = None) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST or not name.isprintable():
        raise InstitutionRefused(f"Give a name of 1 to {LONGEST} characters.")
    taken = session.scalar(
        select(Institution.institution_id).where(func.lower(Institution.name) == name.lower())
    )
    if taken not in {None, but}:
        raise InstitutionRefused("There is an institution of this name already.")
    return name
