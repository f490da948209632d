"""What Moodle does otherwise (measured on 4.1 and 5.0, and read in mod/lti).

Most of it needs no branch, since the careful way suits every LMS: `/scores` goes before a line
item's query, scores carry a newer whole second, `iat` is set back, Accept is one exact type.
"""

from models import CourseRole

FAMILY = "moodle"
NEXT_STEP = (
    "Activate CourseLLM under External tool, Manage tools. Teachers then switch it on in their "
    "course, under More, LTI External tools (Moodle 4.3 and newer)."
)


def absent_if_empty(value: object) -> object:
    """`lineitem` is "" for a link without a grade column of its own."""
    return value or None


def may_be_grader(listed_as: CourseRole) -> bool:
    """Whether somebody whom the roster lists with this role may be one who grades.

    A launch asks for the right to manage the activity, the roster for the right to edit the
    course: who may grade but not edit launches as Instructor and is listed as Learner. So a
    listed Learner counts as nobody in particular until a launch says more.
    """
    return listed_as is CourseRole.STUDENT


def ignores_windows(product_family: str | None) -> bool:
    """It lists `window` among its targets and ignores `window` and `iframe` of a link (since 4.3):
    whether a tool opens in a window is a setting of the tool alone."""
    return product_family == FAMILY
