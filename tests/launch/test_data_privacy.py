"""The data privacy launch: no course, no link, a page of what is kept and whom to ask."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from demo_lms import Platform, oidc, persons
from demo_lms import vocabulary as lti
from models import Course, ToolSession
from tests.launch.lms import Attempt, Browser


def asked(browser: Browser, platform: Platform, person_id: str, **claims: Any) -> Attempt:
    """As the demo LMS's menu asks for it; `claims` replace what it would say."""
    person = persons.get(person_id)
    post = oidc.privacy_request(platform, person)
    page = browser.open(urlsplit(post.action).path, method="POST", data=post.fields)
    attempt = browser.begin_from(platform, person, page)
    attempt.claims |= claims
    return attempt


@pytest.mark.parametrize("person", ["student-1", "teacher", "admin"])
def test_it_opens_what_is_kept_and_whom_to_ask(
    person: str, browser: Browser, platform: Platform, session: Session
):
    answer = asked(browser, platform, person).post()
    assert answer.status_code == 303
    page = browser.open(answer.location)
    assert page.status_code == 200
    assert "<h1>What CourseLLM keeps</h1>" in page.text and "Whom to ask" in page.text
    opened = session.scalars(select(ToolSession)).one()
    assert opened.course_id is None
    assert session.scalar(select(func.count()).select_from(Course)) == 0


@pytest.mark.parametrize("for_user", [None, "student", {}, {"user_id": ""}])
def test_for_nobody_it_is_refused(for_user: Any, browser: Browser, platform: Platform):
    answer = asked(browser, platform, "admin", **{lti.FOR_USER: for_user}).post()
    assert answer.status_code == 400


@pytest.mark.parametrize("claim", [lti.CONTEXT, lti.RESOURCE_LINK])
def test_with_a_course_or_a_link_it_is_none(claim: str, browser: Browser, platform: Platform):
    answer = asked(browser, platform, "admin", **{claim: {"id": "1"}}).post()
    assert answer.status_code == 400


def test_the_page_is_for_who_came_by_a_launch(browser: Browser):
    assert browser.open("/s/nobody/activities/kept").status_code == 401
