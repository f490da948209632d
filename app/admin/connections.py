"""What the console shows of platforms: registrations, deployments and how each is doing.

A page takes the same few statements however many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.connections import health
from app.errors import NotFound
from app.pages import A_PAGE, Page
from models import (
    CachedKeySet,
    Deployment,
    HealthKind,
    Institution,
    Invitation,
    LineItem,
    LtiContext,
    Platform,
    Registration,
    RegistrationHealth,
    RegistrationStatus,
    ScoreOutbox,
    ScoreStatus,
)


@dataclass(frozen=True)
class Failure:
    """An error in words, with what was seen; open until the same thing works again."""

    at: datetime
    words: str
    seen: str
    is_open: bool


@dataclass(frozen=True)
class Connection:
    """One registration with everything that an operator wants to know of it."""

    platform: Platform
    registration: Registration
    invited: str | None
    """Whom the invitation was for that it came by."""
    health: dict[HealthKind, RegistrationHealth] = field(default_factory=dict)
    deployments: list[tuple[Deployment, Institution | None]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The school's name, where one platform serves many."""
        return self.registration.name or self.platform.name

    def last(self, kind: HealthKind) -> datetime | None:
        """When this last worked."""
        row = self.health.get(kind)
        return row.last_good_at if row else None

    @property
    def errors(self) -> list[Failure]:
        """The last error of each kind, the newest first."""
        is_on = self.registration.status is RegistrationStatus.ACTIVE
        found = [
            Failure(at, *_parts(row.last_error), is_open=is_on and health.is_failing(row))
            for row in self.health.values()
            if (at := row.last_error_at)
        ]
        return sorted(found, key=lambda one: one.at, reverse=True)

    @property
    def failures(self) -> list[Failure]:
        """Those after which it has not worked again."""
        return [one for one in self.errors if one.is_open]

    @property
    def waiting(self) -> list[Deployment]:
        return [one for one, _ in self.deployments if one.status is RegistrationStatus.PENDING]


def _parts(error: str | None) -> tuple[str, str]:
    """Words for the operator, and what was seen."""
    words, _, seen = (error or "").partition("\n")
    return words, seen


def count(session: Session) -> int:
    """How many registrations there are."""
    return session.scalar(select(func.count(Registration.registration_id))) or 0


def connections(
    session: Session, *conditions: ColumnElement[bool], page: Page | None = None
) -> list[Connection]:
    """The connections, those of one platform together, in the order of their making."""
    rows = session.execute(
        select(Platform, Registration, Invitation.note)
        .join(Registration, Registration.platform_id == Platform.platform_id)
        .outerjoin(Invitation, Invitation.registration_id == Registration.registration_id)
        .where(*conditions)
        .order_by(Platform.created_at, Platform.platform_id, Registration.created_at)
        .offset(page.offset if page else None)
        .limit(A_PAGE if page else None)
    ).all()
    found = {row.Registration.registration_id: Connection(*row) for row in rows}
    of_these = RegistrationHealth.registration_id.in_(found)
    for row in session.scalars(select(RegistrationHealth).where(of_these)):
        found[row.registration_id].health[row.kind] = row
    deployments = session.execute(
        select(Deployment, Institution)
        .outerjoin(Institution, Institution.institution_id == Deployment.institution_id)
        .where(Deployment.registration_id.in_(found))
        .order_by(Deployment.created_at)
    ).all()
    for deployment, institution in deployments:
        found[deployment.registration_id].deployments.append((deployment, institution))
    return list(found.values())


def name_of(found: Sequence[Connection], item_id: UUID | None) -> str | None:
    """What a registration or deployment is called, if it is one of these."""
    for one in found:
        if one.registration.registration_id == item_id:
            return f"Registration {one.registration.client_id} of {one.name}"
        for deployment, _ in one.deployments:
            if deployment.deployment_id == item_id:
                return f"Deployment {deployment.lti_deployment_id} of {one.name}"
    return None


def waiting_scores(session: Session, platform_id: UUID) -> dict[UUID, int]:
    """By deployment: how many scores are not in the LMS yet, on their way or kept back."""
    rows = session.execute(
        select(Deployment.deployment_id, func.count())
        .join(Registration, Registration.registration_id == Deployment.registration_id)
        .join(LtiContext, LtiContext.deployment_id == Deployment.deployment_id)
        .join(LineItem, LineItem.context_id == LtiContext.context_id)
        .join(ScoreOutbox, ScoreOutbox.line_item_id == LineItem.line_item_id)
        .where(
            Registration.platform_id == platform_id,
            ScoreOutbox.status.in_((ScoreStatus.WAITING, ScoreStatus.SENDING)),
        )
        .group_by(Deployment.deployment_id)
    )
    return {row[0]: row[1] for row in rows}


def latest(found: Sequence[Connection], kind: HealthKind) -> datetime | None:
    """When this last worked for any of them."""
    return max((moment for one in found if (moment := one.last(kind))), default=None)


@dataclass(frozen=True)
class Attention:
    """What an operator should look at."""

    pending: list[Connection]
    """Registrations that wait for approval."""
    waiting: list[tuple[Connection, Deployment]]
    """Deployments that do; those of a registration that waits are approved with it."""
    failing: list[tuple[Connection, Failure]]

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
        failing=[(c, one) for c in found for one in c.failures],
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


def school_options(session: Session) -> list[tuple[UUID | str, str]]:
    """What a form offers as the institution of something, none first."""
    offered: list[tuple[UUID | str, str]] = [("", "No institution")]
    for one, _count in schools(session):
        offered.append((one.institution_id, one.name + ("" if one.is_active else " (off)")))
    return offered
