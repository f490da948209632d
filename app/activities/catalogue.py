"""The activities of a course: what each placed link stands for."""

from collections.abc import Collection
from datetime import UTC
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import audit
from app.activities.offers import Offer
from app.concepts.catalogue import create_concept
from app.errors import NotFound
from app.gradebook.columns import find_activity
from app.gradebook.rescoring import rescore_soon
from models import Activity, ActivityKind, Concept, CourseRole, Enrollment, StudentAttempt


def list_activities(session: Session, course_id: UUID) -> list[Activity]:
    """The activities of a course, the newest first, each with its concepts."""
    found = session.scalars(
        select(Activity)
        .where(Activity.course_id == course_id)
        .options(selectinload(Activity.concepts))
        .order_by(Activity.created_at.desc(), Activity.activity_id)
    )
    return list(found)


def get_activity(session: Session, course_id: UUID, activity_id: UUID) -> Activity:
    """One activity of the course. Raises NotFound, also for one of another course."""
    found = find_activity(session, course_id, activity_id)
    if found is None:
        raise NotFound(reason=f"activity {activity_id} is not in course {course_id}")
    return found


def is_answered(session: Session, activity: Activity) -> bool:
    """Whether a student has answered in it; previews don't count."""
    any_attempt = (
        select(StudentAttempt.attempt_id)
        .join(Enrollment, Enrollment.student_id == StudentAttempt.student_id)
        .where(
            StudentAttempt.activity_id == activity.activity_id,
            Enrollment.course_id == activity.course_id,
            Enrollment.role != CourseRole.TEST_STUDENT,
        )
    )
    return session.scalar(select(any_attempt.exists())) or False


def create_activity(
    session: Session,
    course_id: UUID,
    created_by: UUID,
    offer: Offer,
    *,
    copied_from: UUID | None = None,
) -> Activity:
    """Add what the offer describes, with its new concept if it names one.

    Raises ConceptRefused where the concept's name is taken, NotFound for a concept of another
    course.
    """
    activity = Activity(
        course_id=course_id,
        created_by=created_by,
        kind=offer.kind,
        copied_from_id=copied_from,
    )
    _describe(session, activity, offer)
    _say_what_counts(session, activity, offer)
    session.add(activity)
    session.flush()
    audit.record(session, created_by, course_id, "activity.created", str(activity.activity_id))
    return activity


def change_activity(session: Session, activity: Activity, actor_id: UUID, offer: Offer) -> None:
    """Give the activity the offer's settings; what counts stays once students have answered.

    Scores are made anew, since dates say which answers count. Raises like `create_activity`, and
    ValueError for another kind.
    """
    if offer.kind is not activity.kind:
        raise ValueError("an activity does not change its kind")
    _describe(session, activity, offer)
    if not is_answered(session, activity):
        _say_what_counts(session, activity, offer)
    session.flush()
    subject = str(activity.activity_id)
    audit.record(session, actor_id, activity.course_id, "activity.changed", subject)
    rescore_soon(session, activity.activity_id)


def _describe(session: Session, activity: Activity, offer: Offer) -> None:
    activity.title = offer.title
    activity.instruction = offer.instruction
    activity.material_id, activity.page = offer.material_id, offer.page
    times = (offer.window.opens_at, offer.window.due_at, offer.window.closes_at)
    activity.opens_at, activity.due_at, activity.closes_at = (
        moment.astimezone(UTC) if moment else None for moment in times
    )


def _say_what_counts(session: Session, activity: Activity, offer: Offer) -> None:
    """Concepts, number of questions, points and policy of a practice set."""
    if offer.kind is not ActivityKind.PRACTICE:
        return
    concepts = _concepts(session, activity.course_id, offer.concept_ids)
    if offer.new_concept:
        concepts.append(create_concept(session, activity.course_id, name=offer.new_concept))
    if not concepts:
        raise ValueError("a practice set is about at least one concept")
    activity.concepts = concepts
    activity.question_count = offer.question_count
    activity.points = None if offer.points is None else Decimal(offer.points)
    activity.score_policy = offer.policy


def _concepts(session: Session, course_id: UUID, concept_ids: Collection[UUID]) -> list[Concept]:
    found = session.scalars(
        select(Concept).where(Concept.course_id == course_id, Concept.concept_id.in_(concept_ids))
    ).all()
    if len(found) != len(set(concept_ids)):
        raise NotFound(reason=f"not all of {concept_ids} are concepts of course {course_id}")
    return list(found)
