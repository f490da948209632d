"""Roles of a launch → the role in the course: membership counts, in every spelling."""

import pytest

from lti_config.roles import course_role
from models import CourseRole as R

M = "http://purl.imsglobal.org/vocab/lis/v2/membership"
I = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"  # noqa: E741
S = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
URN = "urn:lti:role:ims/lis/"

TABLE = [
    ([f"{M}#Learner"], R.STUDENT),
    ([f"{M}#Instructor"], R.TEACHER),
    ([f"{M}#ContentDeveloper"], R.TEACHER),
    ([f"{M}#Administrator"], R.TEACHER),
    ([f"{M}#Mentor"], R.OBSERVER),
    ([f"{M}/Instructor#TeachingAssistant"], R.TA),
    ([f"{M}/Instructor#TeachingAssistant", f"{M}#Instructor"], R.TA),
    ([f"{M}#Instructor", f"{M}/Instructor#TeachingAssistantSection"], R.TA),
    ([f"{M}#TeachingAssistant"], R.TA),
    ([f"{M}/Instructor#PrimaryInstructor"], R.TEACHER),
    # Learner#Instructor is a kind of learner
    ([f"{M}/Learner#Instructor"], R.STUDENT),
    ([f"{M}/Learner#TeachingAssistant"], R.STUDENT),
    # whoever teaches any other course carries institution#Instructor
    ([f"{I}Instructor", f"{I}Student", f"{M}#Learner", f"{S}User"], R.STUDENT),
    ([f"{I}Instructor", f"{S}User"], R.NONE),
    ([f"{I}Student", f"{S}User"], R.NONE),
    ([f"{M}#Learner", f"{M}#Instructor"], R.TEACHER),
    # preview comes before everything
    ([f"{M}#Learner", TEST_USER], R.TEST_STUDENT),
    ([f"{M}#Instructor", TEST_USER], R.TEST_STUDENT),
    # administrators are no members
    ([f"{I}Administrator"], R.ADMINISTRATOR),
    ([f"{S}SysAdmin", f"{I}Administrator"], R.ADMINISTRATOR),
    (["urn:lti:sysrole:ims/lis/Administrator"], R.ADMINISTRATOR),
    (["urn:lti:instrole:ims/lis/Administrator"], R.ADMINISTRATOR),
    # Moodle's administrator is an Instructor of the course, too
    ([f"{M}#Instructor", f"{S}Administrator", f"{I}Administrator"], R.TEACHER),
    # short and old forms
    (["Learner"], R.STUDENT),
    (["Instructor"], R.TEACHER),
    (["TeachingAssistant"], R.TA),
    (["Instructor/TeachingAssistant"], R.TA),
    ([f"{URN}Learner"], R.STUDENT),
    ([f"{URN}Instructor/Lecturer"], R.TEACHER),
    ([f"{URN}TeachingAssistant"], R.TA),
    ([f"{URN}Learner/NonCreditLearner"], R.STUDENT),
    # nothing we know
    ([], R.NONE),
    (["instructor"], R.NONE),
    (["Wizard", "http://example.org/#Instructor"], R.NONE),
    ([f"{M}#Officer", f"{M}#Member", f"{M}#Manager"], R.NONE),
    ([f"{M}", f"{M}#", f"{M}/", f"{M}/#", f"{M}/Instructor/x#y"], R.NONE),
    (["urn:lti:instrole:ims/lis/Instructor", "urn:lti:sysrole:ims/lis/User"], R.NONE),
]


@pytest.mark.parametrize(("roles", "expected"), TABLE)
def test_course_role(roles: list[str], expected: R):
    assert course_role(roles) is expected
    assert course_role(reversed(roles)) is expected
