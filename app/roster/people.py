"""What a platform's word on a person is to us, whether it comes by a launch or by a roster."""

import hashlib
from uuid import UUID

from lti_config.launch import Person
from models import CourseRole, UserRole

MEMBERS = frozenset(
    {
        CourseRole.TEACHER,
        CourseRole.TA,
        CourseRole.STUDENT,
        CourseRole.TEST_STUDENT,
        CourseRole.OBSERVER,
    }
)
STAFF = frozenset({CourseRole.TEACHER, CourseRole.TA})
NO_ADDRESS = "@users.invalid"
_LONGEST_NAME = 100
_WIDTH = [UserRole.STUDENT, UserRole.TEACHER, UserRole.ADMIN]
_WIDEST = {
    CourseRole.TEACHER: UserRole.TEACHER,
    CourseRole.TA: UserRole.TEACHER,
    CourseRole.ADMINISTRATOR: UserRole.ADMIN,
}


def sso_id(platform_id: UUID, subject: str) -> str:
    """What makes the person one: the platform, and its id for them."""
    return hashlib.sha256(f"{platform_id} {subject}".encode()).hexdigest()


def names(person: Person) -> dict[str, str]:
    """Both or neither: a name that has one part now must not keep half of the old one."""
    if not person.has_name:
        return {}
    return {
        "first_name": person.given_name[:_LONGEST_NAME],
        "last_name": person.family_name[:_LONGEST_NAME],
    }


def width(role: CourseRole) -> UserRole:
    """What a role in one course makes the person at large; it grants nothing."""
    return _WIDEST.get(role, UserRole.STUDENT)


def wider(one: UserRole, other: UserRole) -> UserRole:
    return max(one, other, key=_WIDTH.index)


def placeholder_email(user_id: UUID) -> str:
    """For the column that must be filled and unique, where no address is known or free."""
    return f"{user_id}{NO_ADDRESS}"
