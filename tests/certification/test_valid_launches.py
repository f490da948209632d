"""Certification guide 6.1.2 and 6.1.3: the valid launches, as teacher and as student, all open."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo_lms import Platform
from demo_lms import vocabulary as lti
from models import CourseRole, ToolSession
from tests.launch.lms import Browser

TEACHER = f"{lti.MEMBERSHIP}#Instructor"
PERSONAL = ("name", "given_name", "family_name", "email")
WHO = {"teacher": (TEACHER, CourseRole.TEACHER), "student": (lti.LEARNER, CourseRole.STUDENT)}


def only(*kept: str) -> dict[str, Any]:
    """Of the personal data nothing but these."""
    return {name: None for name in PERSONAL if name not in kept}


def launches(role: str) -> dict[str, dict[str, Any]]:
    """What each launch of the guide changes; None takes a claim away."""
    return {
        "plain": {},
        "multiple roles": {lti.ROLES: [role, f"{lti.MEMBERSHIP}#Member", lti.SYSTEM_USER]},
        "short role": {lti.ROLES: [role.rpartition("#")[2]]},
        "unknown role": {
            lti.ROLES: ["http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"]
        },
        "no role": {lti.ROLES: []},
        "e-mail only": only("email"),
        "names only": only("name", "given_name", "family_name"),
        "no personal data": only(),
        "e-mail without context": {**only("email"), lti.CONTEXT: None},
    }


@pytest.mark.parametrize("name", launches(""))
@pytest.mark.parametrize("who", WHO)
def test_valid_launch(who: str, name: str, browser: Browser, platform: Platform, session: Session):
    role, expected = WHO[who]
    attempt = browser.begin(platform)
    attempt.claims |= {lti.ROLES: [role], **launches(role)[name]}
    attempt.claims = {key: value for key, value in attempt.claims.items() if value is not None}

    answer = attempt.post()

    assert answer.status_code == 303, answer.text
    opened = session.scalars(select(ToolSession)).one()
    has_role = name not in {"unknown role", "no role"}
    assert opened.role is (expected if has_role else CourseRole.NONE)
    assert (opened.enrollment_id is not None) is (has_role and "context" not in name)
    assert browser.open(answer.location).status_code == 200
