"""The activities of a course: what each placed link stands for."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from app import audit
from models import Activity, ActivityKind, ScorePolicy


def create_activity(
    session: Session,
    course_id: UUID,
    created_by: UUID,
    *,
    kind: ActivityKind,
    title: str,
    instruction: str | None = None,
    concept_id: UUID | None = None,
    question_count: int | None = None,
    points: int | None = None,
    score_policy: ScorePolicy = ScorePolicy.BEST,
) -> Activity:
    """Add an activity. Practice has a concept and a number of questions; points if it is graded."""
    activity = Activity(
        course_id=course_id,
        created_by=created_by,
        kind=kind,
        title=title,
        instruction=instruction,
        concept_id=concept_id,
        question_count=question_count,
        points=None if points is None else Decimal(points),
        score_policy=score_policy,
    )
    session.add(activity)
    session.flush()
    audit.record(session, created_by, course_id, "activity.created", str(activity.activity_id))
    return activity
