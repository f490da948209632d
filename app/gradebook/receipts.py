"""What became of a learner's score, in words: for the learner's receipt and the teacher's page."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import said
from app.gradebook.columns import Graded, earned, find_activity, find_column, graded
from app.gradebook.outbox import AWAITS_LAUNCH, HELD
from app.gradebook.scoring import Score, plain
from models import ScoreOutbox, ScorePolicy, ScoreStatus

POLICIES = {
    ScorePolicy.BEST: "Your best score counts. More practice never lowers it.",
    ScorePolicy.LAST: "Your last answer to each question counts.",
    ScorePolicy.AVERAGE: "The average of your answers to each question counts.",
    ScorePolicy.MASTERY: "Your mastery of what is practised counts, as it is shown here: "
    "its average over the concepts, in full once all questions of the set have an answer.",
}


class Sign(StrEnum):
    """How a state is marked: by the coverage labels of the look."""

    YES = "yes"
    NEAR = "near"
    NO = "no"


@dataclass(frozen=True, slots=True)
class State:
    """The state of a delivery: its sign and words. `more` says why and what can be done.

    `is_moving`: it changes by itself soon.
    """

    sign: Sign
    words: str
    more: str = ""
    is_moving: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """A learner's score for a graded activity and where it is."""

    score: Score
    question_count: int
    state: State
    policy: str

    @property
    def given(self) -> str:
        """The score as people write it."""
        return plain(self.score.given, 2)

    @property
    def maximum(self) -> str:
        return plain(self.score.maximum, 2)

    @property
    def likely(self) -> str:
        """Between which points a score lies that is an estimate; else nothing."""
        if self.score.likely is None or not self.score.answered:
            return ""
        low, high = self.score.likely
        return f"{plain(low, 1)}\N{EN DASH}{plain(high, 1)}"


def receipt_of(
    session: Session,
    *,
    user_id: UUID,
    course_id: UUID,
    activity_id: UUID | None,
    resource_link_id: UUID | None,
    is_preview: bool,
    zone: tzinfo,
    moment: datetime,
) -> Receipt | None:
    """The learner's receipt for the activity; None if it is not graded."""
    activity = graded(find_activity(session, course_id, activity_id))
    if activity is None:
        return None
    score = earned(session, user_id, activity)
    if is_preview:
        state = State(Sign.NO, "A preview: nothing is sent to the gradebook")
    else:
        state = _state(session, user_id, course_id, activity, resource_link_id, score, zone, moment)
    return Receipt(score, activity.question_count, state, POLICIES[activity.activity.score_policy])


def _state(
    session: Session,
    user_id: UUID,
    course_id: UUID,
    activity: Graded,
    resource_link_id: UUID | None,
    score: Score,
    zone: tzinfo,
    moment: datetime,
) -> State:
    column = find_column(session, course_id, activity.activity.activity_id, resource_link_id)
    if column is None:
        return State(Sign.NO, "This link has no column in the gradebook")
    row = session.scalar(
        select(ScoreOutbox).where(
            ScoreOutbox.line_item_id == column.line_item_id, ScoreOutbox.user_id == user_id
        )
    )
    if row is None:
        nothing = "Nothing to send yet" if not score.answered else "Sent with your next answer"
        return State(Sign.NO, nothing)
    return state_of(row, zone, moment)


def state_of(row: ScoreOutbox, zone: tzinfo, moment: datetime) -> State:
    """The state of one score of the outbox, as its learner may read it."""
    reason = (row.last_error or "").partition("\n")[0]
    match row.status:
        case ScoreStatus.SENT:
            since = said(row.sent_at, zone, moment) if row.sent_at else ""
            return State(Sign.YES, f"In the gradebook since {since}")
        case ScoreStatus.CHANGED_IN_LMS:
            more = f"It shows {shown_in_lms(row)} now, and that stays."
            return State(Sign.NEAR, "Changed in the gradebook", more)
        case ScoreStatus.REFUSED:
            return State(Sign.NEAR, "Not accepted", reason)
    if reason in {HELD, AWAITS_LAUNCH}:
        return State(Sign.NEAR, "Waiting", reason)
    if row.next_try_at is not None and row.last_error:
        return State(Sign.NEAR, f"Waiting, next try at {said(row.next_try_at, zone, moment)}")
    return State(Sign.NO, "On its way to the gradebook", is_moving=True)


def state_for_teachers(row: ScoreOutbox, zone: tzinfo, moment: datetime) -> State:
    """The same for the teacher's page, with what the teacher can do about it."""
    state = state_of(row, zone, moment)
    if row.status is ScoreStatus.SENT and (row.receipt or {}).get("shown") is not None:
        return replace(state, more=f"Received as {shown_in_lms(row)}.")
    if row.status is not ScoreStatus.CHANGED_IN_LMS:
        return state
    ours = plain(row.score_given, 2)
    more = (
        f"The gradebook shows {shown_in_lms(row)}, so our {ours} was not sent. "
        "Send again to put ours in its place."
    )
    return replace(state, more=more)


def shown_in_lms(row: ScoreOutbox) -> str:
    """The grade that the LMS was last seen to show."""
    shown = (row.receipt or {}).get("shown")
    return "another grade" if shown is None else plain(Decimal(shown), 2)
