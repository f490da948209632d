"""Where a launch goes."""

import uuid

import pytest

from app.activities.destinations import endpoint_for
from models import Activity, ActivityKind, CourseRole

PRACTICE = Activity(activity_id=uuid.uuid4(), kind=ActivityKind.PRACTICE, title="Loops")
TUTOR = Activity(activity_id=uuid.uuid4(), kind=ActivityKind.TUTOR, title="Tutor")


@pytest.mark.parametrize(
    ("role", "activity", "deep_linking", "endpoint"),
    [
        (CourseRole.STUDENT, None, False, "tutor.index"),
        (CourseRole.STUDENT, TUTOR, False, "tutor.index"),
        (CourseRole.STUDENT, PRACTICE, False, "practice.index"),
        (CourseRole.TEST_STUDENT, PRACTICE, False, "practice.index"),
        (CourseRole.TA, PRACTICE, False, "practice.index"),
        (CourseRole.TEACHER, PRACTICE, False, "practice.index"),
        (CourseRole.TEACHER, None, True, "activities.picker"),
        (CourseRole.STUDENT, None, True, "activities.picker"),
        (CourseRole.OBSERVER, PRACTICE, False, "activities.missing"),
        (CourseRole.ADMINISTRATOR, None, False, "activities.missing"),
        (CourseRole.NONE, PRACTICE, False, "activities.missing"),
    ],
)
def test_a_launch_goes_where_role_and_activity_say(
    role: CourseRole, activity: Activity | None, deep_linking: bool, endpoint: str
) -> None:
    assert endpoint_for(role, activity, deep_linking) == endpoint


def test_without_a_course_the_page_says_so() -> None:
    assert endpoint_for(CourseRole.TEACHER, None, False, has_course=False) == "activities.missing"
    assert endpoint_for(CourseRole.TEACHER, None, True, has_course=False) == "activities.missing"


def test_a_link_whose_activity_is_gone_is_told_apart_from_one_that_names_none() -> None:
    assert endpoint_for(CourseRole.STUDENT, None, False, is_lost=True) == "activities.repair.index"
    assert endpoint_for(CourseRole.NONE, None, False, is_lost=True) == "activities.missing"
