"""Takes over what the LMS says of an activity's dates and of the teacher's time zone.

Only from a teacher's launch: an LMS may tell a student other dates than the rest of the class.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app import audit
from app.activities.zones import set_time_zone
from app.gradebook.rescoring import rescore_soon
from models import Activity, ActivityKind, Course

DATES = ("opens_at", "due_at", "closes_at")
UNSET_ZONE = "UTC"


def take_from_lms(
    session: Session,
    course: Course,
    activity: Activity | None,
    actor_id: UUID,
    custom: Mapping[str, str],
) -> None:
    """Give the activity the dates that the launch's custom values bring, if they bring any.

    An LMS that says one of them knows them all: what it leaves out is not set there. One that
    says none (it has no dates, or does not tell) changes nothing.
    """
    if course.time_zone == UNSET_ZONE and custom.get("time_zone", UNSET_ZONE) != UNSET_ZONE:
        set_time_zone(session, course.course_id, actor_id, custom["time_zone"])
    if activity is None or activity.kind is not ActivityKind.PRACTICE:
        return
    sent = {name: _moment(custom.get(name, "")) for name in DATES}
    if not any(sent.values()) or sent == {name: getattr(activity, name) for name in DATES}:
        return
    for name, moment in sent.items():
        setattr(activity, name, moment)
    audit.record(
        session, actor_id, course.course_id, "activity.dates_from_lms", str(activity.activity_id)
    )
    rescore_soon(session, activity.activity_id)


def _moment(text: str) -> datetime | None:
    """An ISO 8601 moment with its zone; anything else is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or not 2000 <= moment.year <= 2200:
        return None
    return moment.astimezone(UTC)
