"""What a teacher lets the tutor do in a course, and asks of it in one activity."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.llm.profiles import ChatProfile, Tier
from models import Activity, ActivityKind, TutorPolicy


def small_model_allowed(session: Session, course_id: UUID) -> bool:
    """Whether a teacher has switched the small trial model on. It is off by itself."""
    policy = session.get(TutorPolicy, course_id)
    return policy is not None and policy.small_model_allowed


def allow_small_model(session: Session, actor_id: UUID, course_id: UUID, allowed: bool) -> None:
    """Switch it on or off for the course."""
    policy = session.get(TutorPolicy, course_id) or TutorPolicy(course_id=course_id)
    policy.small_model_allowed = allowed
    policy.updated_by = actor_id
    session.add(policy)
    details = {"small_model_allowed": allowed}
    audit.record(session, actor_id, course_id, "tutor.policy_changed", str(course_id), details)
    session.flush()


def may_write(session: Session, course_id: UUID, profile: ChatProfile) -> bool:
    """A capable model always may, a tiny one where it is switched on."""
    if profile.tier is Tier.TINY:
        return small_model_allowed(session, course_id)
    return profile.tier is Tier.CAPABLE


def instruction_of(session: Session, course_id: UUID, activity_id: UUID | None) -> str:
    """What the teacher wrote for the activity that the person came by, if it is the tutor's."""
    if activity_id is None:
        return ""
    found = session.scalar(
        select(Activity.instruction).where(
            Activity.activity_id == activity_id,
            Activity.course_id == course_id,
            Activity.kind == ActivityKind.TUTOR,
        )
    )
    return found or ""
