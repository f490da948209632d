"""Places a link on the course page: the activity, and the signed answer to the LMS.

Deep Linking 2.0 sections 3 and 4.5. The activity's id stands in `custom`, so that each launch
names it, and in the line item's resource id, which survives a course copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.activities.catalogue import create_activity
from app.activities.offers import Offer
from app.concepts.catalogue import create_concept
from app.errors import NotFound
from lti_config import deep_linking
from lti_config.deep_linking import ContentItem, NewLineItem, Request, Response
from models import Activity, ActivityKind, ToolSession


class NotAsked(NotFound):
    """The session was not opened by an LMS that asks for a link."""

    sentence = "This page opens from your course, where you add content to it."


@dataclass(frozen=True, slots=True)
class Errand:
    """What the LMS asked for, and who it is."""

    request: Request
    registration_id: UUID
    deployment_id: UUID


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


def place(
    session: Session,
    errand: Errand,
    offer: Offer,
    *,
    course_id: UUID,
    created_by: UUID,
    launch_url: str,
    secret_keys: tuple[str, ...],
) -> Response:
    """Make what was chosen and sign the answer that puts its link on the course page.

    Raises ConceptRefused where the name of a new concept is taken.
    """
    concept_id = offer.concept_id
    if offer.new_concept:
        concept_id = create_concept(session, course_id, name=offer.new_concept).concept_id
    activity = create_activity(
        session,
        course_id,
        created_by,
        kind=offer.kind,
        title=offer.title,
        concept_ids=[concept_id] if concept_id else [],
        question_count=offer.question_count,
        points=offer.points,
        score_policy=offer.policy,
    )
    return answer(session, errand, secret_keys, [_item(activity, offer, launch_url)])


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


def _item(activity: Activity, offer: Offer, launch_url: str) -> ContentItem:
    activity_id = str(activity.activity_id)
    column = None
    if activity.kind is ActivityKind.PRACTICE and offer.points is not None:
        column = NewLineItem(offer.title, offer.points, activity_id)
    return ContentItem(
        url=launch_url,
        title=offer.title,
        custom={"activity": activity_id},
        text=offer.text,
        line_item=column,
    )
