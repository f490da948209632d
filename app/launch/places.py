"""Where they came: the course of the context, the link, and its column in the gradebook."""

import uuid
from urllib.parse import unquote

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.gradebook import inheriting
from app.launch.queue import wait_for
from app.launch.rows import correct
from lti_config import texts
from lti_config.launch import Context, Launch, MessageType
from models import Activity, Course, LineItem, LtiContext, ResourceLink, now

_CODE, _TITLE = 20, 200
MOST_ANCESTORS = 1000


def settle_course(
    session: Session,
    launch: Launch,
    sent: Context,
    context: LtiContext | None,
    course: Course | None,
) -> tuple[LtiContext, Course]:
    """The course of this context, added if new, with the names and addresses of today."""
    if context is None or course is None:
        context, course = _add_course(session, launch, sent)
    if (sent.label, sent.title) != (context.label, context.title) and (sent.label or sent.title):
        context.label, context.title = sent.label, sent.title
        course.course_code, course.course_name = sent.label[:_CODE], _name(sent)
    if launch.grades:
        url = launch.grades.line_items_url or context.line_items_url
        correct(context, line_items_url=url, ags_scopes=list(launch.grades.scopes))
    if launch.memberships_url:
        correct(context, memberships_url=launch.memberships_url)
    if history := copied_from(launch.custom.get("context_history", "")):
        correct(context, ancestors=history)
    return context, course


def copied_from(history: str) -> list[str]:
    """The ids in an expanded $Context.id.history, each URL-encoded (LTI core 1.3, appendix B.3),
    the nearest first; words that say it was cut match no id."""
    ids = (unquote(one.strip()) for one in history.split(","))
    return [one for one in ids if texts.is_identifier(one)][:MOST_ANCESTORS]


def settle_link(
    session: Session,
    launch: Launch,
    context: LtiContext,
    link: ResourceLink | None,
    activity: Activity | None,
) -> ResourceLink | None:
    """The placement, bound to its activity; none for messages without a link."""
    if launch.link is None:
        return None
    if link is None:
        link = _add_link(session, context, launch.link.id)
    if launch.link.title:
        correct(link, title=launch.link.title)
    if activity is not None:
        correct(link, activity_id=activity.activity_id)
    correct(link, named_activity_id=None if activity else named_activity(launch))
    return link


def settle_line_item(
    session: Session,
    launch: Launch,
    context: LtiContext,
    link: ResourceLink | None,
    line_item: LineItem | None,
) -> None:
    """The link's own column, if the launch names it. A column that it had before is let go; one of
    another deployment's time is the same one, under the address of today.

    A submission review names the column it was opened from, which is one of the link's, perhaps.
    """
    url = launch.grades.line_item_url if launch.grades else None
    if url is None or link is None or launch.message_type is MessageType.SUBMISSION_REVIEW:
        return
    line_item = line_item or _inherited(session, link) or _add_line_item(session, context, url)
    if line_item.inherited_at is not None:
        inheriting.named(session, line_item, url)
    if line_item.resource_link_id != link.resource_link_id:
        line_item.resource_link_id = link.resource_link_id
        session.execute(
            update(LineItem)
            .where(LineItem.resource_link_id == link.resource_link_id, LineItem.url != url)
            .values(resource_link_id=None)
        )
    correct(line_item, activity_id=link.activity_id)


def named_activity(launch: Launch) -> uuid.UUID | None:
    """The activity that the link's custom values name, if it is an id at all."""
    try:
        return uuid.UUID(launch.custom.get("activity", ""))
    except ValueError:
        return None


def _add_course(session: Session, launch: Launch, sent: Context) -> tuple[LtiContext, Course]:
    """A whole class may launch a new course at once: they queue for it, and find the first's."""
    wait_for(session, f"context {launch.deployment_id} {sent.id}")
    found = session.execute(
        select(LtiContext, Course)
        .join(Course, Course.course_id == LtiContext.course_id)
        .where(
            LtiContext.deployment_id == launch.deployment_id,
            LtiContext.lti_context_id == sent.id,
        )
    ).one_or_none()
    if found:
        return found.LtiContext, found.Course
    course = Course(
        course_code=sent.label[:_CODE], course_name=_name(sent), semester="", year=now().year
    )
    session.add(course)
    session.flush()
    context = LtiContext(
        deployment_id=launch.deployment_id,
        lti_context_id=sent.id,
        course_id=course.course_id,
        label=sent.label,
        title=sent.title,
    )
    session.add(context)
    session.flush()
    return context, course


def _add_link(session: Session, context: LtiContext, link_id: str) -> ResourceLink:
    session.flush()
    key = {"context_id": context.context_id, "lti_resource_link_id": link_id}
    session.execute(
        insert(ResourceLink).values(**key, title="", created_at=now()).on_conflict_do_nothing()
    )
    return session.execute(select(ResourceLink).filter_by(**key)).scalar_one()


def _inherited(session: Session, link: ResourceLink) -> LineItem | None:
    return session.scalar(
        select(LineItem).where(
            LineItem.resource_link_id == link.resource_link_id, LineItem.inherited_at.is_not(None)
        )
    )


def _add_line_item(session: Session, context: LtiContext, url: str) -> LineItem:
    session.flush()
    key = {"context_id": context.context_id, "url": url}
    session.execute(insert(LineItem).values(**key, created_at=now()).on_conflict_do_nothing())
    return session.execute(select(LineItem).filter_by(**key)).scalar_one()


def _name(sent: Context) -> str:
    return (sent.title or sent.label or "Course")[:_TITLE]
