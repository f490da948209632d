"""Every score of a course and where it is, for its teachers: what needs them comes first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple
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


class Scored(NamedTuple):
    """A score and whose it is; no member is who was never enrolled here."""

    score: ScoreOutbox
    user: User
    member: Enrollment | None


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
    found = [one for one in map(graded, activities) if one is not None]
    students, scores = _students(session, course_id), _scores(session, course_id)
    with_column = _with_column(session, course_id)
    return [
        _graded(
            one,
            scores.get(one.activity.activity_id, []),
            None
            if one.activity.activity_id in with_column
            else missing(session, course_id, one.activity.activity_id),
            students,
            name_of,
            zone,
            moment,
        )
        for one in found
    ]


def _graded(
    activity: Graded,
    scores: list[Scored],
    column: Missing | None,
    students: frozenset[UUID],
    name_of: NameOf,
    zone: tzinfo,
    moment: datetime,
) -> GradedActivity:
    rows = [_row(row, name_of(user, one), one, zone, moment) for row, user, one in scores]
    rows.sort(key=lambda row: row.name.casefold())
    order = {row.outbox_id: _rank(row) for row, _, _ in scores}
    rows.sort(key=lambda row: order[row.outbox_id])
    return GradedActivity(
        activity=activity.activity,
        question_count=activity.question_count,
        points=plain(activity.points, 2),
        missing=column,
        rows=rows,
        without_score=len(students - {row.user_id for row, _, _ in scores}),
        refused=sum(
            row.status is ScoreStatus.REFUSED and _learns(member) for row, _, member in scores
        ),
    )


def _scores(session: Session, course_id: UUID) -> dict[UUID | None, list[Scored]]:
    """Every score of the course by its activity, in one statement however many there are."""
    rows = session.execute(
        select(LineItem.activity_id, ScoreOutbox, User, Enrollment)
        .join(LineItem, LineItem.line_item_id == ScoreOutbox.line_item_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .join(User, User.user_id == ScoreOutbox.user_id)
        .outerjoin(
            Enrollment,
            (Enrollment.student_id == User.user_id) & (Enrollment.course_id == course_id),
        )
        .where(
            LineItem.resource_link_id.is_not(None),  # a column that was let go is no news
            LtiContext.course_id == course_id,
        )
    )
    scores: dict[UUID | None, list[Scored]] = {}
    for activity_id, score, user, member in rows:
        scores.setdefault(activity_id, []).append(Scored(score, user, member))
    return scores


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


def _with_column(session: Session, course_id: UUID) -> frozenset[UUID | None]:
    """The activities of the course that have a column of the gradebook."""
    return frozenset(
        session.scalars(
            select(LineItem.activity_id)
            .join(Activity, Activity.activity_id == LineItem.activity_id)
            .where(Activity.course_id == course_id)
        )
    )


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
