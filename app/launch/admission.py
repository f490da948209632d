"""A verified launch → our rows: person, course, membership, placement, gradebook column.

One transaction, opened by the caller. What a repeated launch needs is read in one statement;
what is missing is added in an order (person, course, membership, link) that cannot deadlock.
"""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from app.activities.lms_dates import take_from_lms
from app.launch import people, places
from app.roster import sync
from app.roster.people import STAFF
from lti_config.approval import OFF
from lti_config.errors import LaunchRefused
from lti_config.launch import Launch
from models import (
    Activity,
    Course,
    CourseRole,
    Enrollment,
    LineItem,
    LtiContext,
    LtiIdentity,
    Platform,
    ResourceLink,
    User,
)

ARCHIVED = "This course is archived in CourseLLM. Its teacher or an administrator can reopen it."
SWITCHED_OFF = "Your access to CourseLLM is switched off. Please ask your teacher."


@dataclass(frozen=True)
class Admission:
    """What a launch came to."""

    user_id: UUID
    course_id: UUID | None
    """Empty for a launch without a context."""
    enrollment_id: UUID | None
    """Empty where the roles make no member of the course."""
    resource_link_id: UUID | None
    activity: Activity | None
    is_lost: bool
    """Whether the link names an activity that this course does not have."""


class Found(NamedTuple):
    """What is known already of a launch's person and place."""

    platform: Platform
    identity: LtiIdentity | None
    user: User | None
    context: LtiContext | None
    course: Course | None
    enrollment: Enrollment | None
    link: ResourceLink | None
    line_item: LineItem | None
    named: Activity | None
    """The activity that the launch itself names, if this course has it."""
    stored: Activity | None
    """The activity that the link was given here."""


def admit(session: Session, launch: Launch) -> Admission:
    """Let the launch in: add what is missing, update what has changed.

    Raises LaunchRefused (403) for an archived course or a person who is switched off.
    """
    found = _find(session, launch)
    if launch.product_family and found.platform.product_family != launch.product_family:
        found.platform.product_family = launch.product_family
    user = people.settle_user(session, launch, found.user, found.identity)
    if not user.is_active:
        raise LaunchRefused(403, SWITCHED_OFF, f"user {user.user_id} is not active", title=OFF)
    if launch.context is None:
        people.note_visit(session, user, None)
        return Admission(user.user_id, None, None, None, None, is_lost=False)

    context, course = places.settle_course(
        session, launch, launch.context, found.context, found.course
    )
    if not course.is_active:
        raise LaunchRefused(
            403, ARCHIVED, f"course {course.course_id} is archived", title="Archived"
        )
    enrollment = people.settle_enrollment(session, launch, user, course, found.enrollment)
    if launch.role in STAFF:
        sync.ask_if_due(session, context)
    activity, is_lost = _activity(session, launch, found, course)
    if launch.role is CourseRole.TEACHER:
        take_from_lms(session, course, activity, user.user_id, launch.custom)
    link = places.settle_link(session, launch, context, found.link, activity)
    places.settle_line_item(session, launch, context, link, found.line_item)
    session.flush()
    people.note_visit(session, user, enrollment)
    return Admission(
        user_id=user.user_id,
        course_id=course.course_id,
        enrollment_id=enrollment.enrollment_id if enrollment else None,
        resource_link_id=link.resource_link_id if link else None,
        activity=activity,
        is_lost=is_lost,
    )


_named, _stored = aliased(Activity), aliased(Activity)
_KNOWN = (
    select(
        Platform,
        LtiIdentity,
        User,
        LtiContext,
        Course,
        Enrollment,
        ResourceLink,
        LineItem,
        _named,
        _stored,
    )
    .select_from(Platform)
    .outerjoin(
        LtiIdentity,
        (LtiIdentity.platform_id == Platform.platform_id)
        & (LtiIdentity.subject == bindparam("subject")),
    )
    .outerjoin(User, User.user_id == LtiIdentity.user_id)
    .outerjoin(
        LtiContext,
        (LtiContext.deployment_id == bindparam("deployment_id"))
        & (LtiContext.lti_context_id == bindparam("context_id")),
    )
    .outerjoin(Course, Course.course_id == LtiContext.course_id)
    .outerjoin(
        Enrollment,
        (Enrollment.student_id == User.user_id) & (Enrollment.course_id == Course.course_id),
    )
    .outerjoin(
        ResourceLink,
        (ResourceLink.context_id == LtiContext.context_id)
        & (ResourceLink.lti_resource_link_id == bindparam("link_id")),
    )
    .outerjoin(
        LineItem,
        (LineItem.context_id == LtiContext.context_id)
        & (LineItem.url == bindparam("line_item_url")),
    )
    .outerjoin(
        _named,
        (_named.activity_id == bindparam("activity_id")) & (_named.course_id == Course.course_id),
    )
    .outerjoin(_stored, _stored.activity_id == ResourceLink.activity_id)
    .where(Platform.platform_id == bindparam("platform_id"))
)
"""Written once: putting so many joins together takes longer than the database takes for them."""


def _find(session: Session, launch: Launch) -> Found:
    row = session.execute(
        _KNOWN,
        {
            "platform_id": launch.platform_id,
            "subject": launch.subject,
            "deployment_id": launch.deployment_id,
            "context_id": launch.context.id if launch.context else None,
            "link_id": launch.link.id if launch.link else None,
            "line_item_url": launch.grades.line_item_url if launch.grades else None,
            "activity_id": places.named_activity(launch),
        },
    ).one()
    return Found._make(row)


def _activity(
    session: Session, launch: Launch, found: Found, course: Course
) -> tuple[Activity | None, bool]:
    """The activity of the link, and whether the link names one that is not here.

    What the launch names counts, read anew each time since a link can be set up again; else what
    a teacher chose here for a link whose activity was lost; else what this course took over from
    the one that the link was copied from.
    """
    activity = found.named or found.stored
    named_id = places.named_activity(launch)
    if activity is None and named_id is not None:
        activity = session.scalar(
            select(Activity)
            .where(
                Activity.course_id == course.course_id,
                or_(Activity.activity_id == named_id, Activity.copied_from_id == named_id),
            )
            .order_by(Activity.created_at)
            .limit(1)
        )
    return activity, activity is None and "activity" in launch.custom
