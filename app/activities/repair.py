"""Binds a link whose activity this course does not have to one that it has.

The line item's resource id still names the old activity after a course copy; it is found by its
link, so scores go to the new course's own column.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit
from app.activities.copying import activities_of, take_over
from app.activities.origins import Origin
from app.errors import NotFound
from models import Activity, LineItem, LtiContext, ResourceLink, ToolSession


def link_of(session: Session, course_id: UUID, resource_link_id: UUID | None) -> ResourceLink:
    """The link that the session came by. Raises NotFound where there is none."""
    link = session.scalar(
        select(ResourceLink)
        .join(LtiContext, LtiContext.context_id == ResourceLink.context_id)
        .where(ResourceLink.resource_link_id == resource_link_id, LtiContext.course_id == course_id)
    )
    if link is None:
        raise NotFound(reason="the session came by no link of this course")
    return link


def has_column(session: Session, link: ResourceLink) -> bool:
    """Whether the LMS has a column for the link, so that its activity can be graded."""
    column = select(LineItem.line_item_id).where(LineItem.resource_link_id == link.resource_link_id)
    return session.scalar(select(column.exists())) or False


def bind(session: Session, actor_id: UUID, link: ResourceLink, activity: Activity) -> None:
    """From now on the link stands for this activity, and its column is the activity's."""
    link.activity_id, link.named_activity_id = activity.activity_id, None
    session.execute(
        update(LineItem)
        .where(LineItem.resource_link_id == link.resource_link_id)
        .values(activity_id=activity.activity_id)
    )
    details = {"activity_id": str(activity.activity_id)}
    subject = str(link.resource_link_id)
    audit.record(session, actor_id, activity.course_id, "link.repaired", subject, details)
    session.flush()


def take_over_link(
    session: Session,
    course_id: UUID,
    actor_id: UUID,
    link: ResourceLink,
    origin: Origin,
    files: Mapping[UUID, UUID],
) -> Activity | None:
    """Take the link's own activity over and bind it; None where its file is gone."""
    activity = take_over(session, course_id, actor_id, origin.activity, files)
    if activity is not None:
        bind(session, actor_id, link, activity)
    return activity


def take_over_all(
    session: Session,
    course_id: UUID,
    actor_id: UUID,
    old_course_id: UUID,
    files: Mapping[UUID, UUID],
) -> None:
    """Take every activity of the old course over, and bind the links that have been opened here.

    Those that nobody has opened yet are known by `copied_from_id` when they are.
    """
    for old in activities_of(session, old_course_id):
        activity = take_over(session, course_id, actor_id, old, files)
        if activity is None:
            continue
        waiting = session.scalars(
            select(ResourceLink)
            .join(LtiContext, LtiContext.context_id == ResourceLink.context_id)
            .where(
                LtiContext.course_id == course_id,
                ResourceLink.named_activity_id == old.activity_id,
            )
        ).all()
        for link in waiting:
            bind(session, actor_id, link, activity)


def enter(session: Session, session_id: str, activity: Activity) -> None:
    """Go on in this very session as if its launch had named the activity."""
    session.execute(
        update(ToolSession)
        .where(ToolSession.session_id == session_id)
        .values(activity_id=activity.activity_id)
    )
