"""The latest score wanted in the LMS, one row per line item and learner; jobs deliver it."""

from uuid import UUID

from sqlalchemy import Exists, Select, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.gradebook.columns import earned, find_activity, find_column, graded
from app.gradebook.scoring import Score
from app.gradebook.seeking import seek_if_due
from app.gradebook.slots import wake
from models import (
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LineItem,
    LtiContext,
    ScoreOutbox,
    ScoreStatus,
    now,
)

HELD = "The connection to the LMS is switched off here. The score goes out once it is on."
"""The `last_error` of what waits for that."""
AWAITS_LAUNCH = (
    "The course came here from another registration, and the LMS does not take scores at its old "
    "address. The score goes out once somebody opens the activity in the LMS."
)
"""The same, before what the LMS said."""


def want_score(
    session: Session,
    *,
    user_id: UUID,
    course_id: UUID,
    activity_id: UUID,
    resource_link_id: UUID | None,
) -> ScoreOutbox | None:
    """Want the learner's present score in the LMS, in the transaction of the answer it comes from.

    Returns the row; None where nothing is to be sent: the activity isn't graded, its link has no
    column, or the person is no learner of the course (LMSs refuse scores of teachers; previews
    stay out of gradebooks). A score that was wanted before changes nothing.
    """
    activity = graded(find_activity(session, course_id, activity_id))
    subject = _subject(session, user_id, course_id)
    if activity is None or subject is None:
        return None
    column = find_column(session, course_id, activity_id, resource_link_id)
    if column is None:
        seek_if_due(session, resource_link_id)
        return None
    wanted = earned(session, user_id, activity)
    row = _row(session, column.line_item_id, user_id, subject, wanted)
    if row.version == 0 or not _is_wanted(row, wanted):
        _change(row, wanted)
        session.flush()
        if row.status is ScoreStatus.WAITING:
            wake(session, [row.outbox_id])
    return row


def send_again(
    session: Session, course_id: UUID, outbox_id: UUID, *, over_change: bool = False
) -> ScoreOutbox:
    """Send a score once more at once.

    Over a grade that was changed in the LMS only `over_change`: the page may have been drawn
    before the change was seen. Without it such a row stays as it is.

    Raises NotFound for a row of another course, or of who is no student there any more.
    """
    row = session.scalar(_students_scores(course_id).where(ScoreOutbox.outbox_id == outbox_id))
    if row is None:
        raise NotFound(reason=f"score {outbox_id} is no student's in course {course_id}")
    if row.status is ScoreStatus.CHANGED_IN_LMS and not over_change:
        return row
    _want_once_more(row)
    session.flush()
    wake(session, [row.outbox_id], over_pause=True)
    return row


def send_refused_again(session: Session, course_id: UUID, activity_id: UUID) -> list[UUID]:
    """Send every score of the activity again that the LMS did not accept; their ids.

    For when what was wrong with the connection has been put right.
    """
    rows = session.scalars(
        _students_scores(course_id)
        .where(LineItem.activity_id == activity_id, ScoreOutbox.status == ScoreStatus.REFUSED)
        .order_by(ScoreOutbox.outbox_id)
    ).all()
    for row in rows:
        _want_once_more(row)
    session.flush()
    outbox_ids = [row.outbox_id for row in rows]
    wake(session, outbox_ids, over_pause=True)
    return outbox_ids


def _students_scores(course_id: UUID) -> Select[ScoreOutbox]:
    """The course's scores, to be locked; not of who teaches there by now."""
    return (
        select(ScoreOutbox)
        .join(LineItem, LineItem.line_item_id == ScoreOutbox.line_item_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .where(LtiContext.course_id == course_id, ~is_no_students())
        .with_for_update(of=ScoreOutbox)
    )


def is_no_students() -> Exists:
    """Whether a score is of somebody who is no student by now: LMSs refuse those.

    For a statement about `ScoreOutbox` and the `LtiContext` of its column.
    """
    return exists().where(
        Enrollment.student_id == ScoreOutbox.user_id,
        Enrollment.course_id == LtiContext.course_id,
        Enrollment.role != CourseRole.STUDENT,
    )


def _want_once_more(row: ScoreOutbox) -> None:
    row.version += 1
    if row.status is ScoreStatus.CHANGED_IN_LMS:  # seen, and to be replaced: nothing to hold it to
        row.receipt = row.sent_score = row.posted_scores = None
    if row.status is not ScoreStatus.SENDING:
        row.status = ScoreStatus.WAITING
    start_afresh(row)


def start_afresh(row: ScoreOutbox) -> None:
    """Forget earlier failures."""
    row.attempts = 0
    row.next_try_at = row.failing_since = row.last_error = None


def _subject(session: Session, user_id: UUID, course_id: UUID) -> str | None:
    """How the LMS calls the learner in this course; None for who is no learner there."""
    return session.scalar(
        select(Enrollment.lti_subject).where(
            Enrollment.student_id == user_id,
            Enrollment.course_id == course_id,
            Enrollment.role == CourseRole.STUDENT,
            Enrollment.status == EnrollmentStatus.ACTIVE,
        )
    )


def _row(
    session: Session, line_item_id: UUID, user_id: UUID, subject: str, wanted: Score
) -> ScoreOutbox:
    """The learner's row, locked; a new one has version 0."""
    session.execute(
        insert(ScoreOutbox)
        .values(
            line_item_id=line_item_id,
            user_id=user_id,
            lti_subject=subject,
            score_given=wanted.given,
            score_maximum=wanted.maximum,
            version=0,
        )
        .on_conflict_do_nothing(index_elements=["line_item_id", "user_id"])
    )
    row = session.execute(
        select(ScoreOutbox)
        .where(ScoreOutbox.line_item_id == line_item_id, ScoreOutbox.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    row.lti_subject = subject
    return row


def _is_wanted(row: ScoreOutbox, score: Score) -> bool:
    return (row.score_given, row.score_maximum, row.is_complete) == (
        score.given,
        score.maximum,
        score.is_complete,
    )


def _change(row: ScoreOutbox, wanted: Score) -> None:
    """Want another score. While one is being sent it waits for that; a changed grade stays."""
    row.score_given, row.score_maximum = wanted.given, wanted.maximum
    row.is_complete = wanted.is_complete
    row.version += 1
    if row.status in {ScoreStatus.SENT, ScoreStatus.REFUSED}:
        row.status = ScoreStatus.WAITING
        start_afresh(row)
    row.updated_at = now()
