"""Makes the Actor: one server-side session per launch, under /s/<sid>/.

The session id stands in the address, its secret is the browser's alone (`app.credentials`;
docs/decisions/0002): two frames of one browser may hold two courses at once.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from app.access import Actor
from app.errors import NoSession
from models import (
    Course,
    CourseRole,
    Deployment,
    Enrollment,
    EnrollmentStatus,
    Institution,
    Registration,
    RegistrationStatus,
    ToolSession,
    User,
    now,
    table,
)

LIFE = timedelta(hours=8)
IDLE = timedelta(minutes=60)
SEEN_STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class OpenedSession:
    """A fresh session: its id for addresses, its secret for the browser alone."""

    sid: str
    secret: str


_OPEN = insert(table(ToolSession))


def open_session(
    session: Session,
    *,
    user_id: UUID,
    role: CourseRole,
    course_id: UUID | None = None,
    enrollment_id: UUID | None = None,
    registration_id: UUID | None = None,
    deployment_id: UUID | None = None,
    resource_link_id: UUID | None = None,
    activity_id: UUID | None = None,
    locale: str | None = None,
    frame_origin: str | None = None,
    deep_linking: dict[str, Any] | None = None,
    launch_facts: dict[str, Any] | None = None,
    reviewed_user_id: UUID | None = None,
) -> OpenedSession:
    """Add the session row of one admitted launch. Life 8 hours, 60 minutes idle."""
    opened = OpenedSession(secrets.token_urlsafe(12), secrets.token_urlsafe(32))
    session.execute(
        _OPEN,
        {
            "session_id": opened.sid,
            "secret_hash": _hash(opened.secret),
            "user_id": user_id,
            "role": role,
            "course_id": course_id,
            "enrollment_id": enrollment_id,
            "registration_id": registration_id,
            "deployment_id": deployment_id,
            "resource_link_id": resource_link_id,
            "activity_id": activity_id,
            "locale": locale,
            "frame_origin": frame_origin,
            "deep_linking": deep_linking,
            "launch_facts": launch_facts,
            "reviewed_user_id": reviewed_user_id,
            "expires_at": now() + LIFE,
        },
    )
    return opened


def delete_expired(session: Session) -> int:
    """Delete sessions that have ended; how many."""
    ended = (ToolSession.expires_at < now()) | (ToolSession.last_seen_at < now() - IDLE)
    deleted = session.execute(
        delete(ToolSession).where(ended).returning(ToolSession.session_id)
    ).all()
    return len(deleted)


_IS_SHUT = or_(
    Registration.status != RegistrationStatus.ACTIVE,
    Deployment.status != RegistrationStatus.ACTIVE,
    Institution.is_active.is_(False),
)
"""A launch under way while its connection is switched off may still leave a session."""


def enter(session: Session, sid: str, secret: str) -> tuple[Actor, str | None]:
    """Who acts in this session by its secret, with the role of this moment; and who may frame it.

    Raises NoSession.
    """
    row = session.execute(
        select(ToolSession, User, Enrollment, Course, _IS_SHUT)
        .join(User, User.user_id == ToolSession.user_id)
        .outerjoin(Enrollment, Enrollment.enrollment_id == ToolSession.enrollment_id)
        .outerjoin(Course, Course.course_id == ToolSession.course_id)
        .outerjoin(Registration, Registration.registration_id == ToolSession.registration_id)
        .outerjoin(Deployment, Deployment.deployment_id == ToolSession.deployment_id)
        .outerjoin(Institution, Institution.institution_id == Deployment.institution_id)
        .where(ToolSession.session_id == sid)
    ).one_or_none()
    if row is None or not hmac.compare_digest(row.ToolSession.secret_hash, _hash(secret)):
        raise NoSession(reason="unknown session or wrong secret")
    tool_session, user, enrollment, course, is_shut = row
    if is_shut or not user.is_active or not (course is None or course.is_active):
        raise NoSession(reason="the person, the course or the connection is switched off")
    moment = now()
    if tool_session.expires_at < moment or tool_session.last_seen_at < moment - IDLE:
        raise NoSession(reason="session has ended")
    _note_seen(session, tool_session, moment)
    actor = _actor(tool_session, user, enrollment, course.course_name if course else "")
    return actor, tool_session.frame_origin


def _note_seen(session: Session, tool_session: ToolSession, moment: datetime) -> None:
    if tool_session.last_seen_at < moment - SEEN_STEP:
        session.execute(
            update(ToolSession)
            .where(ToolSession.session_id == tool_session.session_id)
            .values(last_seen_at=moment)
        )


def _actor(
    tool_session: ToolSession,
    user: User,
    enrollment: Enrollment | None,
    course_name: str,
) -> Actor:
    return Actor(
        session_id=tool_session.session_id,
        user_id=user.user_id,
        course_id=tool_session.course_id,
        enrollment_id=tool_session.enrollment_id,
        role=_role(tool_session, enrollment),
        display_name=display_name(user, enrollment),
        course_name=course_name,
        activity_id=tool_session.activity_id,
        resource_link_id=tool_session.resource_link_id,
        deep_linking=tool_session.deep_linking is not None,
        locale=tool_session.locale,
        reviewed_user_id=tool_session.reviewed_user_id,
    )


def _role(tool_session: ToolSession, enrollment: Enrollment | None) -> CourseRole:
    """The enrollment's role: a later launch with fewer rights drops those of this session too."""
    if enrollment is None:
        return tool_session.role
    if enrollment.status is EnrollmentStatus.DROPPED:
        return CourseRole.NONE
    return enrollment.role


def display_name(user: User, enrollment: Enrollment | None) -> str:
    """The person's name, else "Student 17", a number unique in the course."""
    name = f"{user.first_name} {user.last_name}".strip()
    if name or enrollment is None:
        return name
    return f"{_NOUNS.get(enrollment.role, 'Student')} {enrollment.number}"


_NOUNS = {CourseRole.TEACHER: "Teacher", CourseRole.TA: "Teacher", CourseRole.NONE: "Person"}


def _hash(secret: str) -> bytes:
    """SHA-256: enough for 256 random bits, and nothing to gain from a slow hash."""
    return hashlib.sha256(secret.encode()).digest()
