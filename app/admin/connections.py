"""What the console shows of platforms: registrations, deployments and how each is doing.

A page takes the same few statements however many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from lti_config import health
from models import (
    CachedKeySet,
    Deployment,
    Institution,
    Invitation,
    Platform,
    Registration,
    RegistrationHealth,
    RegistrationStatus,
)


@dataclass(frozen=True)
class Connection:
    """One registration with everything that an operator wants to know of it."""

    platform: Platform
    registration: Registration
    health: RegistrationHealth | None
    invited: str | None
    """Whom the invitation was for that it came by."""
    deployments: list[tuple[Deployment, Institution | None]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The school's name, where one platform serves many."""
        return self.registration.name or self.platform.name

    @property
    def is_failing(self) -> bool:
        is_on = self.registration.status is RegistrationStatus.ACTIVE
        return is_on and health.is_failing(self.health)

    @property
    def error(self) -> tuple[str, str]:
        """The last error: words for the operator, and what was seen."""
        words, _, seen = ((self.health and self.health.last_error) or "").partition("\n")
        return words, seen

    @property
    def waiting(self) -> list[Deployment]:
        return [one for one, _ in self.deployments if one.status is RegistrationStatus.PENDING]


def connections(session: Session, *conditions: ColumnElement[bool]) -> list[Connection]:
    """The connections, those of one platform together, in the order of their making."""
    rows = session.execute(
        select(Platform, Registration, RegistrationHealth, Invitation.note)
        .join(Registration, Registration.platform_id == Platform.platform_id)
        .outerjoin(
            RegistrationHealth,
            RegistrationHealth.registration_id == Registration.registration_id,
        )
        .outerjoin(Invitation, Invitation.registration_id == Registration.registration_id)
        .where(*conditions)
        .order_by(Platform.created_at, Platform.platform_id, Registration.created_at)
    ).all()
    found = {row.Registration.registration_id: Connection(*row) for row in rows}
    deployments = session.execute(
        select(Deployment, Institution)
        .outerjoin(Institution, Institution.institution_id == Deployment.institution_id)
        .where(Deployment.registration_id.in_(found))
        .order_by(Deployment.created_at)
    ).all()
    for deployment, institution in deployments:
        found[deployment.registration_id].deployments.append((deployment, institution))
    return list(found.values())


def latest(found: Sequence[Connection], name: str) -> datetime | None:
    """When any of them last had this success."""
    moments = [getattr(one.health, name) for one in found if one.health]
    return max((moment for moment in moments if moment), default=None)


@dataclass(frozen=True)
class Attention:
    """What an operator should look at."""

    pending: list[Connection]
    """Registrations that wait for approval."""
    waiting: list[tuple[Connection, Deployment]]
    """Deployments that do; those of a registration that waits are approved with it."""
    failing: list[Connection]

    @property
    def count(self) -> int:
        return len(self.pending) + len(self.waiting) + len(self.failing)


def attention(found: Sequence[Connection]) -> Attention:
    """What needs somebody, of these connections."""
    return Attention(
        pending=[c for c in found if c.registration.status is RegistrationStatus.PENDING],
        waiting=[
            (c, one)
            for c in found
            if c.registration.status is RegistrationStatus.ACTIVE
            for one in c.waiting
        ],
        failing=[c for c in found if c.is_failing],
    )


def platform_of(session: Session, platform_id: UUID) -> tuple[Platform, CachedKeySet | None]:
    """A platform and the key set kept for it. Raises NotFound."""
    row = session.execute(
        select(Platform, CachedKeySet)
        .outerjoin(CachedKeySet, CachedKeySet.url == Platform.jwks_url)
        .where(Platform.platform_id == platform_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such platform.", reason=f"platform {platform_id}")
    return row.Platform, row.CachedKeySet


def schools(session: Session) -> list[tuple[Institution, int]]:
    """The institutions by name, each with how many deployments it has."""
    rows = session.execute(
        select(Institution, func.count(Deployment.deployment_id))
        .outerjoin(Deployment, Deployment.institution_id == Institution.institution_id)
        .group_by(Institution.institution_id)
        .order_by(func.lower(Institution.name))
    ).all()
    return [(row[0], row[1]) for row in rows]
