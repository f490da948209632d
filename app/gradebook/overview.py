"""Every score of a course and where it is, for its teachers: what needs them comes first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.gradebook.columns import Graded, graded
from app.gradebook.receipts import State, state_for_teachers
from app.gradebook.scoring import plain
from app.gradebook.seeking import Missing, missing
from models import (
    Activity,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LineItem,
    LtiContext,
    ScoreOutbox,
    ScoreStatus,
    User,
)

NameOf = Callable[[User, Enrollment | None], str]

_FIRST = (ScoreStatus.REFUSED, ScoreStatus.CHANGED_IN_LMS)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One student's score. `detail` is what the LMS said, for who has to look into it."""

    outbox_id: UUID
    user_id: UUID
    name: str
    given: str
    maximum: str
    state: State
    detail: str
    needs_attention: bool
    can_be_sent: bool
    """Not of who is no student any more."""
    is_changed: bool
    """The gradebook shows another grade: sending ours again goes over that."""


@dataclass(frozen=True, slots=True)
class GradedActivity:
    """An activity with points: its scores, and how many students have none yet."""

    activity: Activity
    question_count: int
    points: str
    missing: Missing | None
    """What is known of its column, if it has none."""
    rows: list[ScoreRow]
    without_score: int
    refused: int


def overview(
    session: Session, course_id: UUID, name_of: NameOf, zone: tzinfo, moment: datetime
) -> list[GradedActivity]:
    """The graded activities of the course by the time they were made, the newest first."""
    activities = session.scalars(
        select(Activity)
        .where(Activity.course_id == course_id)
        .order_by(Activity.created_at.desc(), Activity.activity_id)
    )
    students = _students(session, course_id)
    found = [one for one in map(graded, activities) if one is not None]
    return [_graded(session, one, students, name_of, zone, moment) for one in found]


def _graded(
    session: Session,
    activity: Graded,
    students: frozenset[UUID],
    name_of: NameOf,
    zone: tzinfo,
    moment: datetime,
) -> GradedActivity:
    course_id, activity_id = activity.activity.course_id, activity.activity.activity_id
    scores = session.execute(
        select(ScoreOutbox, User, Enrollment)
        .join(LineItem, LineItem.line_item_id == ScoreOutbox.line_item_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .join(User, User.user_id == ScoreOutbox.user_id)
        .outerjoin(
            Enrollment,
            (Enrollment.student_id == User.user_id) & (Enrollment.course_id == course_id),
        )
        .where(
            LineItem.activity_id == activity_id,
            LineItem.resource_link_id.is_not(None),  # a column that was let go is no news
            LtiContext.course_id == course_id,
        )
    ).all()
    rows = [_row(row, name_of(user, one), one, zone, moment) for row, user, one in scores]
    rows.sort(key=lambda row: row.name.casefold())
    order = {row.outbox_id: _rank(row) for row, _, _ in scores}
    rows.sort(key=lambda row: order[row.outbox_id])
    has_column = bool(scores) or _has_column(session, activity_id)
    return GradedActivity(
        activity=activity.activity,
        question_count=activity.question_count,
        points=plain(activity.points, 2),
        missing=None if has_column else missing(session, course_id, activity_id),
        rows=rows,
        without_score=len(students - {row.user_id for row, _, _ in scores}),
        refused=sum(
            row.status is ScoreStatus.REFUSED and _learns(member) for row, _, member in scores
        ),
    )


def _learns(member: Enrollment | None) -> bool:
    return member is None or member.role is CourseRole.STUDENT


def _row(
    row: ScoreOutbox, name: str, member: Enrollment | None, zone: tzinfo, moment: datetime
) -> ScoreRow:
    return ScoreRow(
        outbox_id=row.outbox_id,
        user_id=row.user_id,
        name=name,
        given=plain(row.score_given, 2),
        maximum=plain(row.score_maximum, 2),
        state=state_for_teachers(row, zone, moment),
        detail=(row.last_error or "").partition("\n")[2],
        needs_attention=row.status in _FIRST,
        can_be_sent=_learns(member),
        is_changed=row.status is ScoreStatus.CHANGED_IN_LMS,
    )


def _rank(row: ScoreOutbox) -> int:
    """What needs the teacher, then what is stuck, then what moves, then what is done."""
    if row.status in _FIRST:
        return _FIRST.index(row.status)
    if row.status is ScoreStatus.SENT:
        return 4
    return 2 if row.last_error else 3


def _has_column(session: Session, activity_id: UUID) -> bool:
    column = select(LineItem.line_item_id).where(LineItem.activity_id == activity_id)
    return session.scalar(select(column.exists())) or False


def _students(session: Session, course_id: UUID) -> frozenset[UUID]:
    """Who can get a score: students of today, come or listed. Who may be a grader is none yet."""
    return frozenset(
        session.scalars(
            select(Enrollment.student_id).where(
                Enrollment.course_id == course_id,
                Enrollment.role == CourseRole.STUDENT,
                Enrollment.status == EnrollmentStatus.ACTIVE,
            )
        )
    )
