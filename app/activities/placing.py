"""Places links on the course page: the activities, and the signed answer to the LMS.

Deep Linking 2.0 sections 3 and 4.5. The activity's id stands in `custom`, so that each launch
names it, and in the line item's resource id, which survives a course copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.activities.catalogue import change_activity, create_activity
from app.activities.offers import Offer
from app.errors import NotFound
from lti_config import deep_linking
from lti_config.deep_linking import ContentItem, NewLineItem, Period, Request, Response
from models import Activity, ActivityKind, Concept, ToolSession

CUSTOM = {
    "opens_at": "$ResourceLink.available.startDateTime",
    "due_at": "$ResourceLink.submission.endDateTime",
    "closes_at": "$ResourceLink.available.endDateTime",
    "time_zone": "$Person.address.timezone",
}
"""What each launch is to say besides the activity: dates as the LMS has them by now."""


class NotAsked(NotFound):
    """The session was not opened by an LMS that asks for a link."""

    sentence = "This page opens from your course, where you add content to it."


@dataclass(frozen=True, slots=True)
class Errand:
    """What the LMS asked for, and who it is."""

    request: Request
    registration_id: UUID
    deployment_id: UUID


@dataclass(frozen=True, slots=True)
class Author:
    """Who places links, in which course, and what our own address and keys are."""

    user_id: UUID
    course_id: UUID
    tool_url: str
    secret_keys: tuple[str, ...]


def errand_of(session: Session, session_id: str) -> Errand:
    """The LMS's request that opened this session.

    Raises NotAsked.
    """
    row = session.execute(
        select(
            ToolSession.deep_linking, ToolSession.registration_id, ToolSession.deployment_id
        ).where(ToolSession.session_id == session_id)
    ).one()
    if row.deep_linking is None or row.registration_id is None or row.deployment_id is None:
        raise NotAsked(reason="the session has no deep linking settings")
    return Errand(Request.from_session(row.deep_linking), row.registration_id, row.deployment_id)


def place(session: Session, errand: Errand, author: Author, offers: Sequence[Offer]) -> Response:
    """Make what was chosen and sign the answer that puts the links on the course page.

    Raises ConceptRefused where the name of a new concept is taken.
    """
    items = []
    for offer in offers:
        known = _made_just_now(session, author.course_id, offer)
        activity = create_activity(session, author.course_id, author.user_id, known)
        items.append(_item(activity, offer, errand.request, author.tool_url))
    return answer(session, errand, author.secret_keys, items)


def place_again(
    session: Session, errand: Errand, author: Author, activity: Activity, offer: Offer
) -> Response:
    """Change the activity of a link and send the link back as it is to be from now on.

    Another kind makes another activity. Raises like `place`.
    """
    if offer.kind is not activity.kind:
        return place(session, errand, author, [offer])
    change_activity(session, activity, author.user_id, offer)
    item = _item(activity, offer, errand.request, author.tool_url)
    return answer(session, errand, author.secret_keys, [item])


def answer(
    session: Session,
    errand: Errand,
    secret_keys: tuple[str, ...],
    items: Sequence[ContentItem],
    message: str | None = None,
) -> Response:
    """Sign the answer with these links; none for a teacher who chose nothing."""
    return deep_linking.respond(
        session,
        secret_keys,
        registration_id=errand.registration_id,
        deployment_id=errand.deployment_id,
        request=errand.request,
        items=items,
        message=message,
    )


def _made_just_now(session: Session, course_id: UUID, offer: Offer) -> Offer:
    """Two links of one answer may name the same new concept: the first of them makes it."""
    found = session.scalar(
        select(Concept.concept_id).where(
            Concept.course_id == course_id, func.lower(Concept.name) == offer.new_concept.lower()
        )
    )
    if not offer.new_concept or found is None:
        return offer
    return replace(offer, new_concept="", concept_ids=(*offer.concept_ids, found))


def _item(activity: Activity, offer: Offer, request: Request, tool_url: str) -> ContentItem:
    activity_id = str(activity.activity_id)
    is_practice = activity.kind is ActivityKind.PRACTICE
    column = None
    if is_practice and activity.points is not None and request.accepts_line_item:
        column = NewLineItem(activity.title, int(activity.points), activity_id)
    return ContentItem(
        url=f"{tool_url}/lti/launch",
        title=activity.title,
        custom={"activity": activity_id, **(CUSTOM if is_practice else {})},
        text=offer.text,
        line_item=column,
        icon_url=f"{tool_url}/lti/icon.svg" if tool_url.startswith("https:") else None,
        in_new_window=offer.in_new_window and request.opens_windows,
        available=Period(activity.opens_at, activity.closes_at),
        submission=Period(None, activity.due_at),
    )
