"""Reads the gradebook back: a grade that somebody changed there is seen, respected and shown."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.connections.connecting import connect
from app.connections.switches import switched_on
from app.extensions import transaction
from app.gradebook import slots
from app.gradebook.delivery import accepted_scores, note_changed
from app.gradebook.sending import in_points, is_same
from lti_config import ags
from lti_config.ags import Result
from lti_config.outcomes import Cause, Refused, Transient
from lti_config.tokens import TokenRefused
from models import Deployment, LineItem, LtiContext, ScoreOutbox, ScoreStatus, now

log = logging.getLogger("coursellm.gradebook")

FRESH = timedelta(minutes=1)
"""So long a reading serves whoever opens the page."""
UNREACHED = "The LMS did not answer, or said that it cannot just now."
_SENTENCES = {
    Cause.ACCESS: "The LMS does not let CourseLLM read it. "
    "An administrator has to check the connection.",
    Cause.GONE: "The LMS says that the column, or the course, is not there any more.",
    Cause.NOT_GRADABLE: "The LMS did not understand what it was asked.",
    Cause.REJECTED: "The LMS refused.",
}
_SETTLED = (ScoreStatus.SENT, ScoreStatus.CHANGED_IN_LMS)


def _may_be_read() -> tuple[ColumnElement[bool], ...]:
    """Which columns are read back: the LMS lets us, it is on, and a score of ours is there.

    For a statement about `LineItem`, its `LtiContext` and `Deployment`. Of others nothing is asked,
    so nothing that was said of them can ever be taken back.
    """
    return (
        LtiContext.ags_scopes.contains([ags.RESULT_SCOPE]),
        Deployment.deployment_id.in_(switched_on()),
        select(ScoreOutbox.outbox_id)
        .where(
            ScoreOutbox.line_item_id == LineItem.line_item_id,
            ScoreOutbox.status.in_(_SETTLED),
        )
        .exists(),
    )


def ask_if_due(session: Session, course_id: UUID) -> None:
    """Have the course's columns read whose last reading is old, where the LMS lets us."""
    due = session.execute(
        select(LineItem.line_item_id, Deployment.registration_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            LtiContext.course_id == course_id,
            LineItem.results_read_at.is_(None) | (LineItem.results_read_at < now() - FRESH),
            *_may_be_read(),
        )
        .order_by(LineItem.line_item_id)
    ).all()
    for line_item_id, registration_id in due:
        slots.queue_beside(
            session,
            "gradebook:read_results",
            registration_id,
            line_item_id,
            line_item_id=str(line_item_id),
        )


@dataclass(frozen=True, slots=True)
class Readings:
    """What is known of a course's columns in the LMS: of the one that is known least of."""

    read_at: datetime | None
    """Empty if none was ever read."""
    failed_at: datetime | None
    """Since when one can't be read; empty if all can."""
    sentence: str
    detail: str
    """What the LMS said, or what came in place of an answer."""


def readings(session: Session, course_id: UUID) -> Readings:
    """How the columns of this course were last read back, those that may be read."""
    of_course = (
        select(LineItem)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            LtiContext.course_id == course_id,
            LineItem.resource_link_id.is_not(None),
            *_may_be_read(),
        )
    )
    columns = session.scalars(of_course).all()
    failed = min(
        (one for one in columns if one.results_failed_at),
        key=lambda one: one.results_failed_at or now(),
        default=None,
    )
    told = [failed] if failed else columns
    sentence, _, detail = ((failed and failed.results_error) or "").partition("\n")
    return Readings(
        read_at=min((at for one in told if (at := one.results_read_at)), default=None),
        failed_at=failed.results_failed_at if failed else None,
        sentence=sentence,
        detail=detail,
    )


def read(line_item_id: UUID) -> None:
    """Read one column whole; note which grades are not ours any more, or why it can't be read."""
    with transaction() as session:
        place = session.execute(
            select(LineItem.url, Deployment.registration_id)
            .join(LtiContext, LtiContext.context_id == LineItem.context_id)
            .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
            .where(LineItem.line_item_id == line_item_id, *_may_be_read())
        ).one_or_none()
    if place is None:
        return
    asked_at = now()
    results = _results(place.registration_id, place.url)
    with transaction() as session:
        if isinstance(results, dict):
            _compare(session, line_item_id, results, asked_at)
        else:
            _fail(session, line_item_id, results, asked_at)


def _results(registration_id: UUID, url: str) -> dict[str, Result] | Refused | Transient:
    """Waits on the network."""
    try:
        return ags.read_results(connect(registration_id), url)
    except TokenRefused as refused:
        return Refused(Cause.ACCESS, str(refused))


def _fail(
    session: Session, line_item_id: UUID, failure: Refused | Transient, asked_at: datetime
) -> None:
    log.warning("results of column %s: %s", line_item_id, failure.reason)
    column = session.get(LineItem, line_item_id, with_for_update=True)
    if column is None or (column.results_read_at and column.results_read_at >= asked_at):
        return
    sentence = UNREACHED if isinstance(failure, Transient) else _SENTENCES[failure.cause]
    column.results_failed_at = column.results_failed_at or asked_at
    column.results_error = f"{sentence}\n{failure.reason}"


def _compare(
    session: Session, line_item_id: UUID, results: Mapping[str, Result], asked_at: datetime
) -> None:
    rows = session.scalars(
        select(ScoreOutbox)
        .where(
            ScoreOutbox.line_item_id == line_item_id,
            ScoreOutbox.status.in_(_SETTLED),
            ScoreOutbox.sent_at < asked_at,  # what was sent meanwhile the reading may not show
        )
        .order_by(ScoreOutbox.outbox_id)
        .with_for_update()
    )
    for row in rows:
        if result := results.get(row.lti_subject):
            _note(row, result)
    column = session.get_one(LineItem, line_item_id)
    column.results_read_at = asked_at
    column.results_failed_at = column.results_error = None


def _note(row: ScoreOutbox, result: Result) -> None:
    """No grade at all is no news: some LMSs leave out what students may not see yet."""
    shown = in_points(result, row.score_maximum)
    if shown is None:
        return
    if row.status is ScoreStatus.CHANGED_IN_LMS:
        row.receipt = {"shown": str(shown)}
        if is_same(shown, row.score_given, row.score_maximum):
            row.status, row.sent_score, row.sent_version = (
                ScoreStatus.SENT,
                row.score_given,
                row.version,
            )
    elif not any(is_same(shown, one, row.score_maximum) for one in accepted_scores(row)):
        note_changed(row, shown)
