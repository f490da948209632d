"""Makes the scores of an activity anew, when its dates or what counts have changed."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deferral import defer
from app.extensions import transaction
from app.gradebook.outbox import want_score
from app.gradebook.slots import QUEUE
from models import Activity, LineItem, ScoreOutbox, StudentAttempt


def rescore_soon(session: Session, activity_id: UUID) -> None:
    """Queue making every learner's score of the activity anew."""
    defer(
        session,
        "gradebook:rescore",
        queue=QUEUE,
        queueing_lock=f"rescore:{activity_id}",
        activity_id=str(activity_id),
    )


def rescore(activity_id: UUID) -> None:
    """Want every learner's score, one transaction each; one that is the same sends nothing."""
    with transaction() as session:
        course_id = session.scalar(
            select(Activity.course_id).where(Activity.activity_id == activity_id)
        )
        learners = _learners(session, activity_id)
    if course_id is None:
        return
    for user_id, resource_link_id in learners:
        with transaction() as session:
            want_score(
                session,
                user_id=user_id,
                course_id=course_id,
                activity_id=activity_id,
                resource_link_id=resource_link_id,
            )


def _learners(session: Session, activity_id: UUID) -> list[tuple[UUID, UUID | None]]:
    """Who has answered in the activity, each with the link that their score went by, if it did."""
    sent = (
        select(ScoreOutbox.user_id, LineItem.resource_link_id)
        .join(LineItem, LineItem.line_item_id == ScoreOutbox.line_item_id)
        .where(LineItem.activity_id == activity_id, LineItem.resource_link_id.is_not(None))
        .subquery()
    )
    rows = session.execute(
        select(StudentAttempt.student_id, sent.c.resource_link_id)
        .outerjoin(sent, sent.c.user_id == StudentAttempt.student_id)
        .where(StudentAttempt.activity_id == activity_id)
        .distinct()
    )
    return [(row[0], row[1]) for row in rows]
