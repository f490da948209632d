"""The activities of a course: what each placed link stands for."""

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.errors import NotFound
from models import Activity, ActivityKind, Concept, ScorePolicy


def create_activity(
    session: Session,
    course_id: UUID,
    created_by: UUID,
    *,
    kind: ActivityKind,
    title: str,
    instruction: str | None = None,
    concept_ids: Collection[UUID] = (),
    question_count: int | None = None,
    points: int | None = None,
    score_policy: ScorePolicy = ScorePolicy.BEST,
) -> Activity:
    """Add an activity. Practice has concepts and a number of questions; points if it is graded.

    Raises NotFound for a concept of another course, ValueError for practice without any.
    """
    if kind is ActivityKind.PRACTICE and not concept_ids:
        raise ValueError("a practice set is about at least one concept")
    activity = Activity(
        course_id=course_id,
        created_by=created_by,
        kind=kind,
        title=title,
        instruction=instruction,
        concepts=_concepts(session, course_id, concept_ids),
        question_count=question_count,
        points=None if points is None else Decimal(points),
        score_policy=score_policy,
    )
    session.add(activity)
    session.flush()
    audit.record(session, created_by, course_id, "activity.created", str(activity.activity_id))
    return activity


def _concepts(session: Session, course_id: UUID, concept_ids: Collection[UUID]) -> list[Concept]:
    found = session.scalars(
        select(Concept).where(Concept.course_id == course_id, Concept.concept_id.in_(concept_ids))
    ).all()
    if len(found) != len(set(concept_ids)):
        raise NotFound(reason=f"not all of {concept_ids} are concepts of course {course_id}")
    return list(found)
