"""Delivers one score of the outbox: take it, send it without a database, note what became of it.

Each of the three is a step of its own, so a worker may die anywhere: the row then says what may
have been posted, and the next worker reads the gradebook before it posts anything.
"""

import logging
import random
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from app.connections import health
from app.connections.switches import switched_on
from app.extensions import transaction
from app.gradebook import seeking, sending
from app.gradebook.outbox import AWAITS_LAUNCH, HELD, is_no_students, start_afresh
from app.gradebook.sending import Changed, Sending, Sent, Settled
from lti_config.ags import next_timestamp
from lti_config.errors import Fault
from lti_config.outcomes import Cause, Refused, Transient
from lti_config.services import Service
from lti_config.tokens import TokenRefused
from models import Deployment, LineItem, LtiContext, ScoreOutbox, ScoreStatus, now

log = logging.getLogger("coursellm.gradebook")

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)
PATIENCE = timedelta(hours=24)
"""So long a score is tried; then it is shown to the teacher as not accepted."""
LAUNCH_AWAITED = timedelta(days=30)
"""So long a refusal at a column of another deployment's time is none: a launch may name another."""
TRIED_MEANWHILE = timedelta(days=1)

NOT_REACHED = "The LMS could not be reached."
GIVEN_UP = "The LMS could not be reached for a day."
NO_STUDENT = "Nothing was sent: only students have a grade, and this person is none any more."
SENTENCES = {
    Cause.ACCESS: "The LMS does not accept CourseLLM's key or address. "
    "An administrator has to check the connection.",
    Cause.GONE: "The column, the assignment or the course is no longer in the LMS, "
    "or the course has ended.",
    Cause.NOT_GRADABLE: "The LMS does not grade this person here. Perhaps they left the course.",
    Cause.REJECTED: "The LMS did not take the score.",
}


def deliver(outbox_id: UUID, service: Service | TokenRefused) -> Settled | None:
    """Bring the row's wanted score into the LMS, or note why not and when to try again.

    What became of it; None where there was nothing to do. Called by the score's own slot alone,
    with the way to the platform, or why there is none.
    """
    with transaction() as session:
        taken = _take(session, outbox_id)
    if taken is None:
        return None
    settled = _send(taken, service)
    if isinstance(settled, Refused) and (settled.cause is Cause.GONE or _is_bygone(taken, settled)):
        settled = _send_where_it_moved(taken, service, settled)
    with transaction() as session:
        _settle(session, taken, settled)
    return settled


def _send_where_it_moved(
    taken: Sending, service: Service | TokenRefused, refused: Refused
) -> Settled:
    """The column may have another address by now, as after the LMS was restored."""
    found = seeking.rediscover(taken.outbox_id, taken.url)
    if found is None or isinstance(found, Transient):
        return found or refused
    return _send(replace(taken, url=found), service)


def _take(session: Session, outbox_id: UUID) -> Sending | None:
    """Mark the row as being sent, its timestamp stored before anything is; None: nothing to do."""
    found = session.execute(
        select(
            ScoreOutbox,
            LineItem.url,
            Deployment.registration_id,
            Deployment.deployment_id.in_(switched_on()),
            is_no_students(),
            LineItem.inherited_at > now() - LAUNCH_AWAITED,
        )
        .join(LineItem, LineItem.line_item_id == ScoreOutbox.line_item_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(ScoreOutbox.outbox_id == outbox_id)
        .with_for_update(of=ScoreOutbox)
    ).one_or_none()
    if found is None or found[0].status not in {ScoreStatus.WAITING, ScoreStatus.SENDING}:
        return None
    row, url, registration_id, is_on, is_no_student, is_inherited = found
    if not is_on:
        row.last_error = HELD
        return None
    if is_no_student:
        _give_up(row, NO_STUDENT, "")
        return None
    unconfirmed = tuple(Decimal(text) for text in row.posted_scores or ())
    row.status = ScoreStatus.SENDING
    row.last_timestamp = next_timestamp(row.last_timestamp, now())
    row.posted_scores = [str(s) for s in dict.fromkeys((*unconfirmed, row.score_given))]
    return Sending(
        outbox_id=outbox_id,
        registration_id=registration_id,
        url=url,
        subject=row.lti_subject,
        given=row.score_given,
        maximum=row.score_maximum,
        is_complete=row.is_complete,
        review_url=_review_url(row),
        version=row.version,
        timestamp=row.last_timestamp,
        accepted=accepted_scores(row),
        unconfirmed=unconfirmed,
        is_inherited=bool(is_inherited),
    )


def _review_url(row: ScoreOutbox) -> str | None:
    """The first score of the whole set hands the work in, as one attempt where attempts count.

    What comes before is no attempt yet, what comes after improves the same one.
    """
    is_handed_in = not row.is_complete or row.submitted_at is not None
    return None if is_handed_in else f"{config.current().url}/lti/review/{row.outbox_id}"


def accepted_scores(row: ScoreOutbox) -> tuple[Decimal, ...]:
    """What the gradebook may show from our last score: as sent, and as it was read right after."""
    shown = (row.receipt or {}).get("shown")
    both = (row.sent_score, None if shown is None else Decimal(shown))
    return tuple(score for score in both if score is not None)


def _send(taken: Sending, service: Service | TokenRefused) -> Settled:
    if isinstance(service, TokenRefused):
        return Refused(Cause.ACCESS, str(service))
    try:
        return sending.send(service, taken, lambda: _restamp(taken.outbox_id))
    except Exception:  # a fault of ours must not leave the score lying: it is tried again
        log.exception("score %s could not be sent", taken.outbox_id)
        return Transient("a fault in CourseLLM, see its log", is_of_platform=False)


def _restamp(outbox_id: UUID) -> datetime:
    with transaction() as session:
        row = session.get_one(ScoreOutbox, outbox_id, with_for_update=True)
        row.last_timestamp = next_timestamp(row.last_timestamp, now())
        return row.last_timestamp


def _settle(session: Session, taken: Sending, settled: Settled) -> None:
    row = session.get(ScoreOutbox, taken.outbox_id, with_for_update=True)
    if row is None:
        return
    log.info("score %s: %s", taken.outbox_id, _told(settled))
    _note_health(session, taken.registration_id, settled)
    if isinstance(settled, Sent):
        _note_sent(row, taken, settled)
    elif isinstance(settled, Changed):
        note_changed(row, settled.shown)
    elif isinstance(settled, Refused) and _is_bygone(taken, settled):
        _await_launch(session, row, taken, settled)
    elif isinstance(settled, Refused):
        _note_refused(row, taken, settled)
    else:
        _wait(row, settled)


def _note_health(session: Session, registration_id: UUID, settled: Settled) -> None:
    """What the operator should know of the connection; a single learner's trouble is none."""
    if isinstance(settled, Sent):
        health.note_score(session, registration_id)
    elif (isinstance(settled, Transient) and settled.is_of_platform) or (
        isinstance(settled, Refused) and settled.cause is Cause.ACCESS
    ):
        health.note_error(session, registration_id, Fault.SCORE, settled.reason)


def note_changed(row: ScoreOutbox, shown: Decimal) -> None:
    """The grade in the LMS is none of ours: it stays until a teacher says otherwise."""
    row.status, row.posted_scores = ScoreStatus.CHANGED_IN_LMS, None
    row.receipt = {"shown": str(shown)}
    start_afresh(row)


def _note_sent(row: ScoreOutbox, taken: Sending, sent: Sent) -> None:
    """Accepted; if another score is wanted by now, it goes out next."""
    row.sent_version, row.sent_score, row.sent_at = taken.version, taken.given, now()
    if taken.is_complete:
        row.submitted_at = row.submitted_at or row.sent_at
    row.posted_scores = None
    row.receipt = {**sent.receipt, "shown": None if sent.shown is None else str(sent.shown)}
    row.status = ScoreStatus.SENT if row.version == taken.version else ScoreStatus.WAITING
    start_afresh(row)


def _is_bygone(taken: Sending, refused: Refused) -> bool:
    """The column's address is of the time before its course came here: refused, it says nothing."""
    return taken.is_inherited and refused.cause in {Cause.ACCESS, Cause.GONE}


def _await_launch(session: Session, row: ScoreOutbox, taken: Sending, refused: Refused) -> None:
    """Tried daily until a launch names the column; one that has done so meanwhile is no waiting."""
    start_afresh(row)
    row.posted_scores = [str(score) for score in taken.unconfirmed] or None
    row.status, row.last_error = ScoreStatus.WAITING, f"{AWAITS_LAUNCH}\n{refused.reason}"
    if session.get_one(LineItem, row.line_item_id).inherited_at is not None:
        row.next_try_at = now() + TRIED_MEANWHILE


def _note_refused(row: ScoreOutbox, taken: Sending, refused: Refused) -> None:
    """Given up; but if another score is wanted by now, that one has its own try."""
    _give_up(row, SENTENCES[refused.cause], refused.reason)
    row.posted_scores = [str(score) for score in taken.unconfirmed] or None
    if row.version != taken.version:
        row.status = ScoreStatus.WAITING


def _give_up(row: ScoreOutbox, sentence: str, reason: str) -> None:
    """What may have arrived without a known answer stays noted: it is no grade of somebody else."""
    row.status, row.next_try_at = ScoreStatus.REFUSED, None
    row.last_error = f"{sentence}\n{reason}"


def _wait(row: ScoreOutbox, transient: Transient) -> None:
    moment = now()
    row.attempts += 1
    row.failing_since = row.failing_since or moment
    if moment - row.failing_since >= PATIENCE:
        _give_up(row, GIVEN_UP, transient.reason)
        return
    delay = max(back_off(row.attempts), transient.retry_after or timedelta())
    row.status, row.next_try_at = ScoreStatus.WAITING, moment + delay
    row.last_error = f"{NOT_REACHED}\n{transient.reason}"


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many failures: doubling up to an hour, a fifth more or less."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_DELAY * doubled, LONGEST_DELAY) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def _told(settled: Settled) -> str:
    """For the log: what happened, nothing of the person or the grade."""
    reason = getattr(settled, "reason", "")
    return f"{type(settled).__name__.lower()} {reason}".strip()
