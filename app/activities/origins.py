"""Where a copied link, or a whole copied course, comes from, and whether this teacher may know it.

A link of a copied course still names the activity of the old one. Its teacher may know that
activity if they teach the old course too, or if the LMS says that this course descends from it
($Context.id.history) and they are not a learner there: a student who also teaches somewhere must
not get at the questions and answers of their own course by a link made to look copied.

A course whose tab alone was copied names no activity: there the history says everything, so it
counts only as it came by the tab, where no teacher's link can have written it
(docs/decisions/0029).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.materials.visibility import visible
from models import (
    Activity,
    Concept,
    Course,
    CourseMaterial,
    CourseRole,
    Deployment,
    Enrollment,
    EnrollmentStatus,
    LtiContext,
    PracticeQuestion,
    Registration,
    ResourceLink,
    ToolSession,
)

_LEARNERS = (CourseRole.STUDENT, CourseRole.TEST_STUDENT, CourseRole.OBSERVER)
HISTORY = "copied_from"
"""Of what a session keeps of its launch: ids of the courses that its own was copied from."""


@dataclass(frozen=True, slots=True)
class Source:
    """A course that another was copied from, and how much there is to bring along."""

    course: Course
    activity_count: int
    concept_count: int
    question_count: int
    """In use."""
    file_count: int

    @property
    def is_empty(self) -> bool:
        return not (self.activity_count or self.concept_count or self.file_count)


@dataclass(frozen=True, slots=True)
class Origin(Source):
    """The activity that a copied link was made for, and its course."""

    activity: Activity


def origin_of(session: Session, link: ResourceLink, user_id: UUID) -> Origin | None:
    """What the link was made for, if it is another course's and this teacher may know it."""
    if link.named_activity_id is None:
        return None
    context = session.get_one(LtiContext, link.context_id)
    with_concepts = [selectinload(Activity.concepts)]
    old = session.get(Activity, link.named_activity_id, options=with_concepts)
    if old is None or old.course_id == context.course_id:
        return None
    if not (
        _has_role(session, user_id, old.course_id, CourseRole.TEACHER)
        or _descends(session, user_id, context, old)
    ):
        return None
    course = session.get_one(Course, old.course_id)
    return Origin(course, *_counts(session, course.course_id), activity=old)


def source_of(session: Session, session_id: str) -> Source | None:
    """The course that the one of this session was copied from, by the history that its launch
    brought; the nearest that has something, and that this person may know."""
    visit = session.get_one(ToolSession, session_id)
    history: list[str] = (visit.launch_facts or {}).get(HISTORY, [])
    if not history or visit.course_id is None:
        return None
    found = session.execute(
        select(LtiContext.lti_context_id, Course)
        .join(Course, Course.course_id == LtiContext.course_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            LtiContext.lti_context_id.in_(history),
            Deployment.registration_id == visit.registration_id,
            Course.course_id != visit.course_id,
        )
    )
    for _, course in sorted(found, key=lambda row: history.index(row[0])):
        source = Source(course, *_counts(session, course.course_id))
        if not source.is_empty and not _has_role(
            session, visit.user_id, course.course_id, *_LEARNERS
        ):
            return source
    return None


def came_before(session: Session, link: ResourceLink) -> bool:
    """Whether the link was made in this very course, when it came by another registration or
    deployment of its LMS: not copied, but connected anew. Says nothing of what it was made for."""
    here = session.get_one(LtiContext, link.context_id)
    platform_id = (
        select(Registration.platform_id)
        .join(Deployment, Deployment.registration_id == Registration.registration_id)
        .where(Deployment.deployment_id == here.deployment_id)
        .scalar_subquery()
    )
    before = (
        select(LtiContext.context_id)
        .join(Activity, Activity.course_id == LtiContext.course_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .join(Registration, Registration.registration_id == Deployment.registration_id)
        .where(
            Activity.activity_id == link.named_activity_id,
            LtiContext.course_id != here.course_id,
            LtiContext.lti_context_id == here.lti_context_id,
            Registration.platform_id == platform_id,
        )
    )
    return session.scalar(select(before.exists())) or False


def is_new(session: Session, course_id: UUID) -> bool:
    """Whether a course has nothing of its own yet."""
    kinds: Sequence[type[Activity | Concept | CourseMaterial]]
    kinds = (Activity, Concept, CourseMaterial)
    there = [select(kind).where(kind.course_id == course_id).exists() for kind in kinds]
    return not session.scalar(select(or_(*there)))


def _counts(session: Session, course_id: UUID) -> tuple[int, int, int, int]:
    """Activities, concepts, questions in use, files."""

    def count(*which: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).where(*which)) or 0

    return (
        count(Activity.course_id == course_id),
        count(Concept.course_id == course_id),
        count(PracticeQuestion.course_id == course_id, PracticeQuestion.is_active.is_(True)),
        count(CourseMaterial.course_id == course_id, visible(see_hidden=True)),
    )


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
    return named is not None and not _has_role(session, user_id, old.course_id, *_LEARNERS)


def _has_role(session: Session, user_id: UUID, course_id: UUID, *roles: CourseRole) -> bool:
    """Whether the person is one of these there; learners that left count, teachers don't."""
    found = session.scalar(
        select(Enrollment.status).where(
            Enrollment.student_id == user_id,
            Enrollment.course_id == course_id,
            Enrollment.role.in_(roles),
        )
    )
    return found is not None and (
        CourseRole.TEACHER not in roles or found is EnrollmentStatus.ACTIVE
    )
