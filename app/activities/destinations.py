"""Where a launch goes: from the role, the activity that the link names, and the kind of message."""

from app.access import LOOKS_AFTER, RIGHTS, Right
from models import Activity, ActivityKind, CourseRole

ROOMS = {
    ActivityKind.TUTOR: "tutor.index",
    ActivityKind.PRACTICE: "practice.index",
    ActivityKind.MATERIAL: "activities.reading",
}


def endpoint_for(
    role: CourseRole,
    activity: Activity | None,
    deep_linking: bool,
    *,
    has_course: bool = True,
    is_lost: bool = False,
    is_check: bool = False,
    is_copied: bool = False,
) -> str:
    """The endpoint that an admitted launch is sent on to.

    `activity` is the one that the link names, in the launch's own course. `is_lost`: the link
    names one that this course does not have (it was copied, or its activity deleted).
    `has_course`: False for a launch without a context. `is_check`: the link is for the connection
    check; who has no business there gets what any link of the course opens. `is_copied`: the course
    is a copy of another, and has nothing of its own yet.
    """
    rights = RIGHTS[role] if has_course else frozenset()
    if deep_linking and has_course:
        return "activities.picker"
    if is_check and role in LOOKS_AFTER:
        return "selfcheck.index"
    if rights.isdisjoint({Right.LEARN, Right.TEACH}):
        return "activities.missing"
    if is_lost:
        return "activities.repair.index"
    if is_copied and activity is None and Right.MANAGE in rights:
        return "activities.copied.index"
    return ROOMS[activity.kind] if activity is not None else ROOMS[ActivityKind.TUTOR]
