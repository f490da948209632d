"""The course's time zone: what a teacher says, or the LMS says of a teacher."""

from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from app import audit
from models import Course


def set_time_zone(session: Session, course_id: UUID, actor_id: UUID, zone: str) -> None:
    """Give the course this time zone, if there is such a one."""
    course = session.get_one(Course, course_id)
    if course.time_zone == zone or zone not in available_timezones():
        return
    details = {"from": course.time_zone, "to": zone}
    course.time_zone = zone
    audit.record(session, actor_id, course_id, "course.time_zone_changed", str(course_id), details)
