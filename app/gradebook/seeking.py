"""Looks for an activity's column in the LMS's gradebook, and makes one when a teacher says so.

A launch names the column of its link. Where none does (a link with two columns, Canvas without
line items in deep linking), it is looked for by link, by activity, by tag; and once more when the
LMS says that the column we know is gone.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections.connecting import connect
from app.errors import NotFound
from app.extensions import transaction
from app.gradebook import slots
from app.gradebook.places import Place, newest_link, of_column, of_link
from lti_config import line_items
from lti_config.outcomes import Cause, Refused, Transient
from lti_config.tokens import TokenRefused
from models import (
    LineItem,
    ResourceLink,
    ScoreOutbox,
    now,
)

log = logging.getLogger("coursellm.gradebook")

AGAIN_AFTER = timedelta(hours=1)
REDISCOVERED_FOR = timedelta(days=1)
JUST_NOW = timedelta(minutes=10)

_UNREACHED = "The LMS could not be reached."
_SENTENCES = {
    Cause.ACCESS: "The LMS does not let CourseLLM make columns here.",
    Cause.GONE: "The LMS does not know this course or link (any more).",
}
_REFUSED = "The LMS did not make the column."


def seek_if_due(session: Session, resource_link_id: UUID | None) -> None:
    """A score has nowhere to go: have the column of the learner's link looked for, hourly."""
    link = session.get(ResourceLink, resource_link_id) if resource_link_id else None
    if link is None or (link.column_sought_at and link.column_sought_at > now() - AGAIN_AFTER):
        return
    place = of_link(session, link.resource_link_id)
    if place is not None and line_items.may_look(place.scopes):
        link.column_sought_at = now()
        _queue(session, place, makes=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a teacher should know of an activity without a column; `detail`: what the LMS said."""

    can_make: bool
    has_link: bool
    sentence: str = ""
    detail: str = ""
    tried_at: datetime | None = None
    """When the column was last looked for, if that came to nothing."""


def missing(session: Session, course_id: UUID, activity_id: UUID) -> Missing:
    """Whether a column can be made for the activity, and why the last try came to nothing."""
    link = newest_link(session, course_id, activity_id)
    place = of_link(session, link.resource_link_id) if link else None
    sentence, _, detail = ((link and link.column_error) or "").partition("\n")
    can_make = place is not None and line_items.may_make(place.scopes)
    tried_at = link.column_sought_at if link and sentence else None
    return Missing(can_make, link is not None, sentence, detail, tried_at)


def ask_to_make(session: Session, course_id: UUID, activity_id: UUID) -> None:
    """Have a column made for the activity's link. Raises NotFound where none can be."""
    link = newest_link(session, course_id, activity_id)
    place = of_link(session, link.resource_link_id) if link else None
    if link is None or place is None or not line_items.may_make(place.scopes):
        raise NotFound(reason=f"no column can be made for activity {activity_id}")
    link.column_sought_at, link.column_error = now(), None
    _queue(session, place, makes=True)


def seek(resource_link_id: UUID, *, makes: bool) -> UUID | None:
    """Find the link's column, or make it; the activity if it has one now that it had not.

    Waits on the network between its steps.
    """
    with transaction() as session:
        place = of_link(session, resource_link_id)
    if place is None:
        return None
    found = _find(place)
    is_ours = found is None and makes
    if is_ours:
        found = line_items.make(connect(place.registration_id), place.items_url, place.wanted)
    with transaction() as session:
        is_there = _keep(session, place, found, is_ours=is_ours)
    return place.activity_id if is_there else None


def rediscover(outbox_id: UUID, gone_url: str) -> str | Transient | None:
    """The column's address of today, where the LMS says that ours is gone; None for gone indeed.

    Once a day for each score. Waits on the network between its steps.
    """
    with transaction() as session:
        row = session.get(ScoreOutbox, outbox_id, with_for_update=True)
        column = session.get(LineItem, row.line_item_id) if row else None
        if row is None or column is None:
            return None
        if column.url != gone_url:
            return column.url  # another score has found it
        if _was_looked_for(session, row):
            return None
        row.rediscovered_at = now()
        place = of_column(session, column)
    if place is None or not line_items.may_look(place.scopes):
        return None
    found = _find(place)
    if not isinstance(found, str) or found == gone_url:
        return found if isinstance(found, Transient) else None
    with transaction() as session:
        return found if _move(session, outbox_id, found) else None


def _was_looked_for(session: Session, row: ScoreOutbox) -> bool:
    """For this score within the day, or for any other one of the column just now."""
    moment = now()
    if row.rediscovered_at and row.rediscovered_at > moment - REDISCOVERED_FOR:
        return True
    lately = select(ScoreOutbox.outbox_id).where(
        ScoreOutbox.line_item_id == row.line_item_id,
        ScoreOutbox.rediscovered_at > moment - JUST_NOW,
    )
    return session.scalar(select(lately.exists())) or False


def _find(place: Place) -> str | Refused | Transient | None:
    try:
        service = connect(place.registration_id)
    except TokenRefused as refused:
        return Refused(Cause.ACCESS, str(refused))
    return line_items.find(service, place.items_url, place.scopes, place.wanted)


def _queue(session: Session, place: Place, *, makes: bool) -> None:
    link_id = place.resource_link_id
    assert link_id is not None
    slots.queue_beside(
        session,
        "gradebook:make_column" if makes else "gradebook:seek_column",
        place.registration_id,
        link_id,
        resource_link_id=str(link_id),
    )


def _keep(
    session: Session, place: Place, found: str | Refused | Transient | None, *, is_ours: bool
) -> bool:
    """Note the column, or why there is none."""
    link = session.get(ResourceLink, place.resource_link_id)
    if link is None:
        return False
    if not isinstance(found, str):
        if found is not None:
            log.warning("column of link %s: %s", link.resource_link_id, found.reason)
        link.column_error = _in_words(found)
        return False
    column = session.scalar(
        select(LineItem).where(LineItem.context_id == place.context_id, LineItem.url == found)
    )
    if column is None:
        column = LineItem(context_id=place.context_id, url=found, is_ours=is_ours)
        session.add(column)
    elif _is_anothers(column, place):
        log.warning("column of link %s: %s is another's", link.resource_link_id, found)
        return False
    column.resource_link_id, column.activity_id = link.resource_link_id, place.activity_id
    link.column_error = None
    session.flush()
    return True


def _is_anothers(column: LineItem, place: Place) -> bool:
    """Whether the column stands for another activity at another link: scores of two would mix."""
    return (
        column.activity_id not in {None, place.activity_id}
        and column.resource_link_id is not None
        and column.resource_link_id != place.resource_link_id
    )


def _in_words(found: Refused | Transient | None) -> str | None:
    if found is None:
        return None
    sentence = _UNREACHED if isinstance(found, Transient) else _SENTENCES.get(found.cause, _REFUSED)
    return f"{sentence}\n{found.reason}"


def _move(session: Session, outbox_id: UUID, found: str) -> bool:
    """The column is at this address now; or the score belongs to the one that is known there."""
    row = session.get_one(ScoreOutbox, outbox_id, with_for_update=True)
    column = session.get_one(LineItem, row.line_item_id)
    other = session.scalar(
        select(LineItem).where(LineItem.context_id == column.context_id, LineItem.url == found)
    )
    if other is None:
        column.url = found
        return True
    has_one = session.scalar(
        select(ScoreOutbox.outbox_id).where(
            ScoreOutbox.line_item_id == other.line_item_id, ScoreOutbox.user_id == row.user_id
        )
    )
    if has_one is not None or other.activity_id not in {None, column.activity_id}:
        return False  # a newer score of the learner is there already, or another activity's
    row.line_item_id = other.line_item_id
    return True
