"""Roles of a launch → what the person is in this course (LTI core 1.3, appendix A.2).

Only *membership* roles make a member. On Canvas everybody carries system#User, and whoever
teaches any course carries institution#Instructor: neither says anything about this one.
"""

from collections.abc import Iterable

from models import CourseRole

_VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
_MEMBERSHIP = _VOCABULARY + "membership"
_OLD_MEMBERSHIP = "urn:lti:role:ims/lis/"
_TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
_ABOVE_COURSES = (
    _VOCABULARY + "institution/person#",
    _VOCABULARY + "system/person#",
    _VOCABULARY + "person#",  # deprecated, still sent by Moodle
    "urn:lti:instrole:ims/lis/",
    "urn:lti:sysrole:ims/lis/",
)
_TEACHING = {"Instructor", "ContentDeveloper", "Administrator"}
_ASSISTING = "TeachingAssistant"
_ADMINISTRATORS = {"Administrator", "SysAdmin", "AccountAdmin", "SysSupport"}


def course_role(roles: Iterable[str]) -> CourseRole:
    """The role in the course; NONE if no membership role is known."""
    roles = list(roles)
    members = [pair for role in roles if (pair := _membership(role))]
    principals = {principal for principal, _ in members}
    if _TEST_USER in roles:
        return CourseRole.TEST_STUDENT
    # Before Instructor: on Canvas an assistant carries both.
    if any(sub.startswith(_ASSISTING) for principal, sub in members if principal != "Learner"):
        return CourseRole.TA
    if principals & _TEACHING:
        return CourseRole.TEACHER
    if "Learner" in principals:
        return CourseRole.STUDENT
    if "Mentor" in principals:
        return CourseRole.OBSERVER
    return CourseRole.ADMINISTRATOR if any(map(_is_administrator, roles)) else CourseRole.NONE


def _membership(role: str) -> tuple[str, str] | None:
    """(principal, sub-role) of a membership role; the sub-role may be empty.

    `membership#Instructor`, `membership/Instructor#TeachingAssistant`, and the older forms
    "Instructor", "Instructor/TeachingAssistant", `urn:lti:role:ims/lis/Instructor/Lecturer`.
    """
    if role.startswith(_MEMBERSHIP):
        path, _, name = role.removeprefix(_MEMBERSHIP).partition("#")
        principal, sub = (path.removeprefix("/"), name) if path else (name, "")
    else:
        principal, _, sub = role.removeprefix(_OLD_MEMBERSHIP).partition("/")
    if principal.startswith(_ASSISTING):
        return "Instructor", principal
    return (principal, sub) if principal.isalpha() else None


def _is_administrator(role: str) -> bool:
    return any(
        role.startswith(prefix) and role.removeprefix(prefix) in _ADMINISTRATORS
        for prefix in _ABOVE_COURSES
    )
