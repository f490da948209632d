"""Where the column of an activity's link belongs in the LMS, and what to look for there.

Nowhere while the way to the LMS is switched off.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from app.connections.switches import switched_on
from app.gradebook.columns import find_activity, graded
from lti_config.line_items import Wanted
from models import Activity, Deployment, LineItem, LtiContext, ResourceLink


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look and for what: plain values, taken before the network is used."""

    registration_id: UUID
    course_id: UUID
    context_id: UUID
    items_url: str
    scopes: tuple[str, ...]
    activity_id: UUID
    resource_link_id: UUID | None
    wanted: Wanted


def of_link(session: Session, resource_link_id: UUID) -> Place | None:
    """Where the link's column would be; None if nothing is graded there or it has one."""
    row = session.execute(
        select(ResourceLink, LtiContext, Deployment.registration_id)
        .join(LtiContext, LtiContext.context_id == ResourceLink.context_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            ResourceLink.resource_link_id == resource_link_id,
            LtiContext.deployment_id.in_(switched_on()),
        )
        .where(
            ~select(LineItem)
            .where(
                LineItem.resource_link_id == resource_link_id,
                LineItem.activity_id == ResourceLink.activity_id,
            )
            .exists()
        )
    ).one_or_none()
    if row is None:
        return None
    link, context, registration_id = row
    activity = find_activity(session, context.course_id, link.activity_id)
    return _described(context, registration_id, link, activity)


def of_column(session: Session, column: LineItem) -> Place | None:
    """Where a column that we know was made."""
    row = session.execute(
        select(LtiContext, Deployment.registration_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(
            LtiContext.context_id == column.context_id, LtiContext.deployment_id.in_(switched_on())
        )
    ).one_or_none()
    if row is None:
        return None
    context, registration_id = row
    link = session.get(ResourceLink, column.resource_link_id) if column.resource_link_id else None
    activity = find_activity(session, context.course_id, column.activity_id)
    return _described(context, registration_id, link, activity)


def _described(
    context: LtiContext,
    registration_id: UUID,
    link: ResourceLink | None,
    activity: Activity | None,
) -> Place | None:
    counted = graded(activity)
    if counted is None or context.line_items_url is None:
        return None
    return Place(
        registration_id=registration_id,
        course_id=context.course_id,
        context_id=context.context_id,
        items_url=context.line_items_url,
        scopes=tuple(context.ags_scopes or ()),
        activity_id=counted.activity.activity_id,
        resource_link_id=link.resource_link_id if link else None,
        wanted=Wanted(
            link_id=link.lti_resource_link_id if link else None,
            resource_id=str(counted.activity.activity_id),
            label=counted.activity.title,
            maximum=counted.points,
            review_url=f"{config.current().url}/lti/review",
        ),
    )


def newest_link(session: Session, course_id: UUID, activity_id: UUID) -> ResourceLink | None:
    """The activity's link that was placed last."""
    return session.scalar(
        select(ResourceLink)
        .join(LtiContext, LtiContext.context_id == ResourceLink.context_id)
        .where(LtiContext.course_id == course_id, ResourceLink.activity_id == activity_id)
        .order_by(ResourceLink.created_at.desc())
        .limit(1)
    )
