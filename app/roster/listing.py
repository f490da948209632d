"""The people of a course as its teachers see them, and how fresh the list is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import said
from app.roster.people import STAFF
from app.roster.sync import AGAIN_AFTER
from models import CourseRole, Enrollment, EnrollmentStatus, LtiContext, User

NameOf = Callable[[User, Enrollment | None], str]

ROLES = {
    CourseRole.TEACHER: "Teacher",
    CourseRole.TA: "Teaching assistant",
    CourseRole.STUDENT: "Student",
    CourseRole.OBSERVER: "Observer",
}
UNKNOWN_ROLE = "Shown at the first visit"
_LOST_AFTER = timedelta(minutes=20)
"""A read takes a quarter of an hour at most; one that is older without an end has none."""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    role: str
    opened: str
    """When CourseLLM was last opened, empty for never."""


@dataclass(frozen=True, slots=True)
class People:
    """Staff first, then everybody else by name; `gone`: who is not in the course any more."""

    present: list[Person]
    gone: list[Person]
    students: int
    opened: int
    """How many of the students have opened CourseLLM."""
    unknown: int
    """How many are listed of whom the LMS does not say what they are."""


class Freshness(StrEnum):
    NOT_OFFERED = "not_offered"
    NEVER = "never"
    READING = "reading"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reading:
    """How the roster's reading stands, in words."""

    state: Freshness
    read_at: str = ""
    tried_at: str = ""
    error: str = ""
    detail: str = ""
    may_ask: bool = False
    """Whether enough time has passed to have it read again."""


def people(
    session: Session, course_id: UUID, name_of: NameOf, zone: tzinfo, moment: datetime
) -> People:
    """Everybody whom the course knows but test students, in one statement."""
    found = session.execute(
        select(Enrollment, User)
        .join(User, User.user_id == Enrollment.student_id)
        .where(
            Enrollment.course_id == course_id,
            Enrollment.role.not_in((CourseRole.TEST_STUDENT, CourseRole.ADMINISTRATOR)),
        )
    )
    rows = sorted(((row.Enrollment, row.User) for row in found), key=_order)
    active: list[Person] = []
    gone: list[Person] = []
    for member, user in rows:
        is_gone = member.status is EnrollmentStatus.DROPPED
        (gone if is_gone else active).append(_person(member, user, name_of, zone, moment))
    present = [member for member, _ in rows if member.status is not EnrollmentStatus.DROPPED]
    students = [one for one in present if one.role is CourseRole.STUDENT]
    return People(
        present=active,
        gone=gone,
        students=len(students),
        opened=sum(one.last_launch_at is not None for one in students),
        unknown=sum(one.role is CourseRole.NONE for one in present),
    )


def reading(context: LtiContext | None, zone: tzinfo, moment: datetime) -> Reading:
    """How the reading of this context's roster stands."""
    if context is None or context.memberships_url is None:
        return Reading(Freshness.NOT_OFFERED)
    tried, read = context.roster_tried_at, context.roster_read_at
    error, _, detail = (context.roster_error or "").partition("\n")
    is_open = tried is not None and not error and (read is None or read < tried)
    if is_open and tried is not None and tried > moment - _LOST_AFTER:
        state = Freshness.READING
    elif error:
        state = Freshness.FAILED
    else:
        state = Freshness.READ if read else Freshness.NEVER
    return Reading(
        state,
        read_at=said(read, zone, moment) if read else "",
        tried_at=said(tried, zone, moment) if tried else "",
        error=error,
        detail=detail,
        may_ask=tried is None or tried <= moment - AGAIN_AFTER,
    )


def find_context(session: Session, course_id: UUID) -> LtiContext | None:
    """Where the course's roster comes from: its newest context that offers one, else any."""
    return session.scalars(
        select(LtiContext)
        .where(LtiContext.course_id == course_id)
        .order_by(LtiContext.memberships_url.is_(None), LtiContext.created_at.desc())
        .limit(1)
    ).one_or_none()


def _person(
    member: Enrollment, user: User, name_of: NameOf, zone: tzinfo, moment: datetime
) -> Person:
    came = member.last_launch_at
    return Person(
        name=name_of(user, member),
        role=ROLES.get(member.role, UNKNOWN_ROLE),
        opened=said(came, zone, moment) if came else "",
    )


def _order(row: tuple[Enrollment, User]) -> tuple[bool, bool, str, int]:
    """Staff first; by family name, who has no name last and by number."""
    member, user = row
    has_name = bool(user.first_name or user.last_name)
    by_name = f"{user.last_name} {user.first_name}".strip().casefold()
    return member.role not in STAFF, not has_name, by_name, member.number
