"""What is known here of the connection that a session came by: one statement, its own tenant's."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.selfcheck.terms import Connection
from models import (
    CachedKeySet,
    Course,
    Deployment,
    LtiContext,
    Platform,
    Registration,
    ToolSession,
)


class NothingKept(NotFound):
    """The session tells nothing of its launch."""

    sentence = "Nothing was kept of this sign-in. Please open the link in your course again."


@dataclass(frozen=True, slots=True)
class Line:
    """The connection, and what is needed to test its services."""

    connection: Connection
    registration_id: UUID
    time_zone: str


def load(session: Session, session_id: str) -> Line:
    """The connection of this session. Raises NothingKept."""
    row = session.execute(
        select(ToolSession, Registration, Platform, Deployment, Course, LtiContext, CachedKeySet)
        .join(Registration, Registration.registration_id == ToolSession.registration_id)
        .join(Platform, Platform.platform_id == Registration.platform_id)
        .join(Deployment, Deployment.deployment_id == ToolSession.deployment_id)
        .outerjoin(Course, Course.course_id == ToolSession.course_id)
        .outerjoin(
            LtiContext,
            (LtiContext.course_id == ToolSession.course_id)
            & (LtiContext.deployment_id == ToolSession.deployment_id),
        )
        .outerjoin(CachedKeySet, CachedKeySet.url == Platform.jwks_url)
        .where(ToolSession.session_id == session_id)
        .limit(1)
    ).one_or_none()
    if row is None or not row.ToolSession.launch_facts:
        raise NothingKept(reason="the session has no registration or no facts of its launch")
    context, keys, course = row.LtiContext, row.CachedKeySet, row.Course
    facts = row.ToolSession.launch_facts
    connection = Connection(
        platform=row.Registration.name or row.Platform.name,
        issuer=row.Registration.issuer,
        client_id=row.Registration.client_id,
        deployment=row.Deployment.lti_deployment_id,
        course=course.course_name if course else "",
        frame_sources=row.ToolSession.frame_origin or "",
        keys_fetched_at=keys.fetched_at if keys else None,
        keys_expire_at=keys.expires_at if keys else None,
        memberships_url=context.memberships_url if context and facts["roster"] else None,
        line_items_url=context.line_items_url if context and facts["columns"] else None,
        ags_scopes=tuple(facts["scopes"]),
        facts=facts,
    )
    return Line(connection, row.Registration.registration_id, course.time_zone if course else "")
