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

from sqlalchemy import ColumnElement, ScalarSelect, String, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, selectinload

from app import audit
from app.materials.visibility import visible
from models import (
    Activity,
    AuditEvent,
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

_SETTLED = (
    "activity.taken_over",
    "questions.taken_over",
    "materials.taken_over",
    "source.declined",
)
"""Events of a course that nothing is offered for any more."""


@dataclass(frozen=True, slots=True)
class Source:
    """A course that another was copied from, and how much there is to bring along."""

    course: Course
    activity_count: int
    concept_count: int
    question_count: int
    """In use."""
    file_count: int


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
    course = _nearest(session, session.get_one(ToolSession, session_id))
    return Source(course, *_counts(session, course.course_id)) if course else None


def offered(session: Session, session_id: str) -> Course | None:
    """The course of `source_of`, while nothing was brought along and nobody has said no."""
    visit = session.get_one(ToolSession, session_id)
    course = _nearest(session, visit)
    if course is None or visit.course_id is None:
        return None
    return None if session.scalar(select(_is_settled(visit.course_id))) else course


def decline(session: Session, course_id: UUID, actor_id: UUID, source: Course) -> None:
    """Offer the content of that course no more, until something is brought along."""
    session.get_one(Course, course_id, with_for_update={"key_share": True})  # pressed twice
    if not session.scalar(select(_is_settled(course_id))):
        audit.record(session, actor_id, course_id, "source.declined", str(source.course_id))


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
    """Whether a course has nothing of its own yet, and nobody has said that none shall come."""
    kinds: Sequence[type[Activity | Concept | CourseMaterial]]
    kinds = (Activity, Concept, CourseMaterial)
    there = [select(kind).where(kind.course_id == course_id).exists() for kind in kinds]
    return not session.scalar(select(or_(_is_settled(course_id), *there)))


def _is_settled(course_id: UUID) -> ColumnElement[bool]:
    return (
        select(AuditEvent)
        .where(AuditEvent.course_id == course_id, AuditEvent.action.in_(_SETTLED))
        .exists()
    )


def _nearest(session: Session, visit: ToolSession) -> Course | None:
    history: list[str] = (visit.launch_facts or {}).get(HISTORY, [])
    if not history or visit.course_id is None:
        return None
    there = Course.course_id
    has_something = or_(
        select(Activity).where(Activity.course_id == there).exists(),
        select(Concept).where(Concept.course_id == there).exists(),
        select(CourseMaterial).where(CourseMaterial.course_id == there, visible(True)).exists(),
    )
    was_learner = select(Enrollment).where(
        Enrollment.student_id == visit.user_id,
        Enrollment.course_id == there,
        Enrollment.role.in_(_LEARNERS),
    )
    place = func.array_position(literal(history, ARRAY(String)), LtiContext.lti_context_id)
    return session.scalar(
        select(Course)
        .join(LtiContext, LtiContext.course_id == there)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            LtiContext.lti_context_id.in_(history),
            Deployment.registration_id == visit.registration_id,
            there != visit.course_id,
            has_something,
            ~was_learner.exists(),
        )
        .order_by(place)
        .limit(1)
    )


def _counts(session: Session, course_id: UUID) -> tuple[int, int, int, int]:
    """Activities, concepts, questions in use, files."""

    def count(*which: ColumnElement[bool]) -> ScalarSelect[int]:
        return select(func.count()).where(*which).scalar_subquery()

    activities, concepts, questions, files = session.execute(
        select(
            count(Activity.course_id == course_id),
            count(Concept.course_id == course_id),
            count(PracticeQuestion.course_id == course_id, PracticeQuestion.is_active.is_(True)),
            count(CourseMaterial.course_id == course_id, visible(see_hidden=True)),
        )
    ).one()
    return activities, concepts, questions, files


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
