"""Reads a course's roster and brings it into our rows: ask, read without a database, write at once.

Asked for after a teacher's launch, once an hour at most; the write is one transaction, so a read
that fails, or a worker that dies, changes nothing.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections.connecting import connect
from app.connections.switches import switched_on
from app.deferral import defer
from app.extensions import transaction
from app.roster.writing import write
from lti_config import nrps
from lti_config.nrps import Cause, Member, NotRead
from lti_config.tokens import TokenRefused
from models import Deployment, LtiContext, now

log = logging.getLogger("coursellm.roster")

AT_MOST_EVERY = timedelta(hours=1)
AGAIN_AFTER = timedelta(minutes=2)
"""How soon a teacher may ask for another read."""

_SENTENCES = {
    Cause.ACCESS: "The LMS did not let CourseLLM read the list of members. "
    "An administrator has to allow names and roles (NRPS) for CourseLLM there.",
    Cause.GONE: "The LMS says that this course is not there any more.",
    Cause.UNREACHABLE: "The LMS did not answer in time.",
    Cause.ODD: "The LMS sent a list of members that CourseLLM could not understand.",
    Cause.TOO_LARGE: "The list of members is longer than CourseLLM reads.",
}
_FAULT = "Something failed in CourseLLM while the list was read."


def ask_if_due(session: Session, context: LtiContext) -> None:
    """Have the roster read soon, in the transaction of a teacher's launch."""
    _ask(session, context, AT_MOST_EVERY)


def ask_again(session: Session, context: LtiContext) -> bool:
    """Have it read because a teacher wants so; whether enough time has passed for that."""
    return _ask(session, context, AGAIN_AFTER)


def _ask(session: Session, context: LtiContext, pause: timedelta) -> bool:
    moment, tried = now(), context.roster_tried_at
    if context.memberships_url is None or (tried is not None and tried > moment - pause):
        return False
    context.roster_tried_at, context.roster_error = moment, None
    session.flush()
    lock = f"roster:{context.context_id}"
    defer(session, "roster:read", lock=lock, queueing_lock=lock, context_id=str(context.context_id))
    return True


def read(context_id: UUID) -> None:
    """Read the roster of a context to its end and write it down, or note why that failed."""
    with transaction() as session:
        row = session.execute(
            select(
                LtiContext.memberships_url,
                Deployment.registration_id,
                Deployment.deployment_id.in_(switched_on()).label("is_on"),
            )
            .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
            .where(LtiContext.context_id == context_id)
        ).one_or_none()
    if row is None or row.memberships_url is None:
        return
    began, failure = now(), None
    try:
        if not row.is_on:
            raise NotRead(Cause.ACCESS, "the connection is switched off in CourseLLM")
        members = _members(row.registration_id, row.memberships_url)
        with transaction() as session:
            write(session, context_id, members, began)
    except NotRead as error:
        log.warning("roster of %s: %s", context_id, error)
        failure = f"{_SENTENCES[error.cause]}\n{error}"
    except Exception:  # a fault of ours is told to the teacher as well; the log has the rest
        log.exception("roster of %s could not be read", context_id)
        failure = f"{_FAULT}\n"
    _note(context_id, began, failure)


def _members(registration_id: UUID, url: str) -> list[Member]:
    try:
        service = connect(registration_id, most_bytes=nrps.MOST_BYTES)
    except TokenRefused as error:
        raise NotRead(Cause.ACCESS, str(error)) from error
    members = nrps.read(service, url)
    if not members:  # the teacher whose launch we come from, at least, is in the course
        raise NotRead(Cause.ODD, "the list is empty")
    return members


def _note(context_id: UUID, began: datetime, failure: str | None) -> None:
    """In a step of its own: launches take the context's row before the course's, or after it."""
    with transaction() as session:
        context = session.get(LtiContext, context_id)
        if context is None:
            return
        context.roster_error = failure
        if failure:
            context.roster_tried_at = began
        else:
            context.roster_read_at = now()
