"""Launches that want a learner's work shown: submission reviews, and addresses of one's work.

Submission review of AGS 2.0 section 4.6 (LtiSubmissionReviewRequest). Canvas has no such message:
its SpeedGrader launches the address that came with the score (`/lti/review/<score>`).
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_config.errors import LaunchRefused
from lti_config.launch import Launch, MessageType
from models import CourseRole, Enrollment, LineItem, LtiContext, ScoreOutbox

OWN_ALONE = "You can look at your own work here. Other students' work is for their teachers."
_TEACHING = {CourseRole.TEACHER, CourseRole.TA}
_LEARNING = {CourseRole.STUDENT, CourseRole.TEST_STUDENT}


@dataclass(frozen=True)
class Review:
    """Whose work on what is to be shown; what is empty the page asks for."""

    user_id: UUID | None
    activity_id: UUID | None


def review_of(
    session: Session, launch: Launch, *, user_id: UUID, course_id: UUID | None, tool_url: str
) -> Review | None:
    """What is to be shown; None for any other launch, and for roles that may look at no work.

    Raises LaunchRefused (403) for a learner who asks for the work of another.
    """
    if course_id is None or launch.role not in _TEACHING | _LEARNING:
        return None
    start = f"{tool_url}/lti/review/"
    if launch.message_type is MessageType.SUBMISSION_REVIEW:
        named = _by_message(session, launch, course_id)
    elif launch.target_link_uri.startswith(start):
        named = _by_address(session, launch.target_link_uri.removeprefix(start), course_id)
    else:
        return None
    if launch.role in _TEACHING:
        return named
    is_own = launch.for_user in {None, launch.subject} and named.user_id in {None, user_id}
    if not is_own:
        reason = f"user {user_id} asks for the work of another learner"
        raise LaunchRefused(403, OWN_ALONE, reason, title="Not your own work")
    return Review(user_id, named.activity_id)


def _by_message(session: Session, launch: Launch, course_id: UUID) -> Review:
    """The learner as the course knows them, and the activity of the column."""
    learner = session.scalar(
        select(Enrollment.student_id)
        .where(
            Enrollment.course_id == course_id,
            Enrollment.lti_subject == launch.for_user,
            Enrollment.role.in_(_LEARNING),
        )
        .limit(1)
    )
    column = launch.grades.line_item_url if launch.grades else None
    activity = session.scalar(
        select(LineItem.activity_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .where(LtiContext.course_id == course_id, LineItem.url == column)
    )
    return Review(learner, activity)


def _by_address(session: Session, named: str, course_id: UUID) -> Review:
    """The score's learner and activity, if it is one of this course."""
    try:
        outbox_id = UUID(named)
    except ValueError:
        return Review(None, None)
    row = session.execute(
        select(ScoreOutbox.user_id, LineItem.activity_id)
        .join(LineItem, LineItem.line_item_id == ScoreOutbox.line_item_id)
        .join(LtiContext, LtiContext.context_id == LineItem.context_id)
        .where(ScoreOutbox.outbox_id == outbox_id, LtiContext.course_id == course_id)
    ).one_or_none()
    return Review(*row) if row else Review(None, None)
