"""Where a copied link comes from, and whether this teacher may know it.

A link of a copied course still names the activity of the old one. Its teacher may know that
activity if they teach the old course too, or if the LMS says that this course descends from it
($Context.id.history) and they are not a learner there: a student who also teaches somewhere must
not get at the questions and answers of their own course by a link made to look copied.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.materials.visibility import visible
from models import (
    Activity,
    Course,
    CourseMaterial,
    CourseRole,
    Deployment,
    Enrollment,
    EnrollmentStatus,
    LtiContext,
    ResourceLink,
)

_LEARNERS = (CourseRole.STUDENT, CourseRole.TEST_STUDENT, CourseRole.OBSERVER)


@dataclass(frozen=True, slots=True)
class Origin:
    """The activity that a copied link was made for, and its course."""

    activity: Activity
    course: Course
    activity_count: int
    file_count: int


def origin_of(session: Session, link: ResourceLink, user_id: UUID) -> Origin | None:
    """What the link was made for, if it is another course's and this teacher may know it."""
    if link.named_activity_id is None:
        return None
    context = session.get_one(LtiContext, link.context_id)
    old = session.get(Activity, link.named_activity_id)
    if old is None or old.course_id == context.course_id:
        return None
    if not (_teaches(session, user_id, old) or _descends(session, user_id, context, old)):
        return None
    return Origin(
        activity=old,
        course=session.get_one(Course, old.course_id),
        activity_count=_count(session, Activity.course_id == old.course_id),
        file_count=_count(
            session, (CourseMaterial.course_id == old.course_id) & visible(see_hidden=True)
        ),
    )


def _count(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(which)) or 0


def _teaches(session: Session, user_id: UUID, old: Activity) -> bool:
    return _has_role(session, user_id, old, CourseRole.TEACHER)


def _descends(session: Session, user_id: UUID, context: LtiContext, old: Activity) -> bool:
    """Whether the LMS that both courses are of says that this one was copied from the old one."""
    registration = select(Deployment.registration_id).where(
        Deployment.deployment_id == context.deployment_id
    )
    named = session.scalar(
        select(LtiContext.context_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            LtiContext.course_id == old.course_id,
            LtiContext.lti_context_id.in_(context.ancestors or []),
            Deployment.registration_id == registration.scalar_subquery(),
        )
        .limit(1)
    )
    return named is not None and not _has_role(session, user_id, old, *_LEARNERS)


def _has_role(session: Session, user_id: UUID, old: Activity, *roles: CourseRole) -> bool:
    """Whether the person is one of these there; learners that left count, teachers don't."""
    found = session.scalar(
        select(Enrollment.status).where(
            Enrollment.student_id == user_id,
            Enrollment.course_id == old.course_id,
            Enrollment.role.in_(roles),
        )
    )
    return found is not None and (
        CourseRole.TEACHER not in roles or found is EnrollmentStatus.ACTIVE
    )
