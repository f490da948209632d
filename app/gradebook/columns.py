"""Finds the column of the LMS's gradebook that a learner's work on an activity belongs to."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.gradebook.scoring import Score, score
from app.mastery.shown import ShownMastery
from models import (
    Activity,
    ActivityConcept,
    ActivityKind,
    LineItem,
    LtiContext,
    PracticeQuestion,
    ScorePolicy,
    StudentAttempt,
)


@dataclass(frozen=True, slots=True)
class Graded:
    """An activity that is graded: what its set and its points are."""

    activity: Activity
    question_count: int
    points: Decimal


def graded(activity: Activity | None) -> Graded | None:
    """The activity as a graded one; None if it gives no points."""
    if activity is None or activity.kind is not ActivityKind.PRACTICE:
        return None
    if activity.points is None or not activity.question_count:
        return None
    return Graded(activity, activity.question_count, activity.points)


def find_activity(session: Session, course_id: UUID, activity_id: UUID | None) -> Activity | None:
    """The activity, if it is one of the course."""
    if activity_id is None:
        return None
    return session.scalar(
        select(Activity).where(Activity.activity_id == activity_id, Activity.course_id == course_id)
    )


def find_column(
    session: Session, course_id: UUID, activity_id: UUID, resource_link_id: UUID | None
) -> LineItem | None:
    """The line item of the link that the learner came by, else the activity's newest one.

    One activity can stand at several links, each with a column of its own.
    """
    own_link = and_(
        LineItem.resource_link_id == resource_link_id,
        or_(LineItem.activity_id.is_(None), LineItem.activity_id == activity_id),
    )
    return session.scalar(
        select(LineItem)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .where(
            LtiContext.course_id == course_id,
            or_(own_link, LineItem.activity_id == activity_id)
            if resource_link_id
            else LineItem.activity_id == activity_id,
        )
        .order_by(_preferred(resource_link_id).desc().nulls_last())
        .order_by(LineItem.created_at.desc())
        .limit(1)
    )


def _preferred(resource_link_id: UUID | None) -> ColumnElement[bool]:
    """The learner's own link's column; without a link, one that still belongs to some link."""
    if resource_link_id is None:
        return LineItem.resource_link_id.is_not(None)
    return LineItem.resource_link_id == resource_link_id


def earned(session: Session, user_id: UUID, activity: Graded) -> Score:
    """The learner's score for the activity, from every answer they gave in it while it was open."""
    rows = session.execute(
        select(StudentAttempt.question_id, StudentAttempt.score)
        .where(*_counting(user_id, activity.activity))
        .order_by(StudentAttempt.sequence)
    )
    answers = [(row[0], row[1]) for row in rows if row[1] is not None]
    policy = activity.activity.score_policy
    by_mastery = policy is ScorePolicy.MASTERY
    return score(
        answers,
        policy=policy,
        question_count=activity.question_count,
        points=activity.points,
        mastery=_mastery(session, user_id, activity.activity) if by_mastery else (),
    )


def _counting(user_id: UUID, activity: Activity) -> list[ColumnElement[bool]]:
    """Which attempts count: the learner's in the activity, given inside its window."""
    given = StudentAttempt.attempted_at
    return [
        StudentAttempt.student_id == user_id,
        StudentAttempt.activity_id == activity.activity_id,
        *([given >= activity.opens_at] if activity.opens_at else []),
        *([given < activity.closes_at] if activity.closes_at else []),
    ]


def _mastery(session: Session, user_id: UUID, activity: Activity) -> list[ShownMastery | None]:
    """What the learner was shown of each concept of the set after their latest answer on it here.

    As the attempt keeps it: other students' answers, and time, move no score.
    """
    latest = (
        select(PracticeQuestion.concept_id, StudentAttempt.model_inputs)
        .join(PracticeQuestion, PracticeQuestion.question_id == StudentAttempt.question_id)
        .where(*_counting(user_id, activity))
        .ext(distinct_on(PracticeQuestion.concept_id))
        .order_by(PracticeQuestion.concept_id, StudentAttempt.sequence.desc())
        .subquery()
    )
    rows = session.execute(
        select(latest.c.model_inputs)
        .select_from(ActivityConcept)
        .outerjoin(latest, latest.c.concept_id == ActivityConcept.concept_id)
        .where(ActivityConcept.activity_id == activity.activity_id)
    )
    return [ShownMastery(*inputs["after"]) if inputs else None for (inputs,) in rows]
