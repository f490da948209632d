"""Reads the gradebook back: a grade that somebody changed there is seen, respected and shown."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections.connecting import connect
from app.connections.switches import switched_on
from app.extensions import transaction
from app.gradebook import slots
from app.gradebook.delivery import accepted_scores, note_changed
from app.gradebook.sending import in_points, is_same
from lti_config import ags
from lti_config.ags import Result
from lti_config.tokens import TokenRefused
from models import Deployment, LineItem, LtiContext, ScoreOutbox, ScoreStatus, now

log = logging.getLogger("coursellm.gradebook")

FRESH = timedelta(minutes=1)
"""So long a reading serves whoever opens the page."""
_SETTLED = (ScoreStatus.SENT, ScoreStatus.CHANGED_IN_LMS)


def ask_if_due(session: Session, course_id: UUID) -> None:
    """Have the course's columns read whose last reading is old, where the LMS lets us."""
    due = session.execute(
        select(LineItem.line_item_id, Deployment.registration_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            LtiContext.course_id == course_id,
            LtiContext.ags_scopes.contains([ags.RESULT_SCOPE]),
            LineItem.results_read_at.is_(None) | (LineItem.results_read_at < now() - FRESH),
            select(ScoreOutbox.outbox_id)
            .where(
                ScoreOutbox.line_item_id == LineItem.line_item_id,
                ScoreOutbox.status.in_(_SETTLED),
            )
            .exists(),
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


def last_read(session: Session, course_id: UUID) -> datetime | None:
    """When the column that was read longest ago was read; None if none ever was."""
    return session.scalar(
        select(LineItem.results_read_at)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .where(LtiContext.course_id == course_id, LineItem.results_read_at.is_not(None))
        .order_by(LineItem.results_read_at)
        .limit(1)
    )


def read(line_item_id: UUID) -> None:
    """Read one column whole and note which grades are not ours any more."""
    with transaction() as session:
        place = session.execute(
            select(LineItem.url, Deployment.registration_id)
            .join(LtiContext, LtiContext.context_id == LineItem.context_id)
            .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
            .where(
                LineItem.line_item_id == line_item_id,
                Deployment.deployment_id.in_(switched_on()),
            )
        ).one_or_none()
    if place is None:
        return
    asked_at = now()
    try:
        results = ags.read_results(connect(place.registration_id), place.url)
    except TokenRefused as refused:
        log.warning("results of column %s: %s", line_item_id, refused)
        return
    if not isinstance(results, dict):
        log.warning("results of column %s: %s", line_item_id, results.reason)
        return
    with transaction() as session:
        _compare(session, line_item_id, results, asked_at)


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
    session.get_one(LineItem, line_item_id).results_read_at = asked_at


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
