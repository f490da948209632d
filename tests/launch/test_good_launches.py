"""Launches that look odd and are right: each opens, with no more rights than it brings."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import RIGHTS, Right
from demo_lms import Platform
from demo_lms import vocabulary as lti
from models import Course, CourseRole, Enrollment, PendingLaunch, ResourceLink, ToolSession, User
from tests.launch.lms import Attempt, Browser, signed_by_hand
from tests.launch.table import row

MENTORED = "https://purl.imsglobal.org/spec/lti/claim/role_scope_mentor"
NEWEST_FIRST = ToolSession.created_at.desc()


def only_session(session: Session) -> ToolSession:
    session.rollback()
    return session.scalars(select(ToolSession)).one()


def begin_with(browser: Browser, platform: Platform, **claims: Any) -> Attempt:
    attempt = browser.begin(platform)
    attempt.claims |= claims
    return attempt


def opens(attempt: Attempt, session: Session) -> ToolSession:
    answer = attempt.post()
    assert answer.status_code == 303, answer.text
    return only_session(session)


def test_a_learner_comes_in(browser: Browser, platform: Platform, session: Session):
    attempt = browser.begin(platform)
    answer = attempt.post()

    opened = only_session(session)
    assert answer.status_code == 303
    assert answer.location.startswith(f"/s/{opened.session_id}/")
    assert opened.role is CourseRole.STUDENT
    assert opened.resource_link_id
    assert opened.frame_origin == platform.settings.issuer
    cookies = answer.headers.getlist("Set-Cookie")
    mine = next(one for one in cookies if one.startswith(f"__Host-s-{opened.session_id}="))
    for attribute in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
        assert attribute in mine
    assert browser.open(answer.location).status_code == 200


@row(15)
@pytest.mark.parametrize("azp", [True, False])
def test_us_twice_as_audience(azp: bool, browser: Browser, platform: Platform, session: Session):
    """And a list of one."""
    attempt = browser.begin(platform)
    us = attempt.claims["aud"]
    attempt.claims["aud"] = [us, us] if azp else [us]
    if not azp:
        del attempt.claims["azp"]
    opens(attempt, session)


@row(20)
@pytest.mark.parametrize(
    "skew",
    [
        lambda: {"exp": time.time() - 30},
        lambda: {"iat": time.time() + 30},
        lambda: {"nbf": time.time() + 30},
        lambda: {"iat": time.time() - 590},
        lambda: {"iat": int(time.time()), "exp": int(time.time()) + 60},
    ],
)
def test_clocks_may_differ(
    skew: Callable[[], dict[str, float]], browser: Browser, platform: Platform, session: Session
):
    opens(begin_with(browser, platform, **skew()), session)


@row(34)
@pytest.mark.parametrize(
    "roles", [[], ["http://example.org/role#Wizard"], ["", "#", "urn:lti:role:ims/lis/"]]
)
def test_no_role_or_unknown_ones_get_the_least(
    roles: list[str], browser: Browser, platform: Platform, session: Session
):
    opened = opens(begin_with(browser, platform, **{lti.ROLES: roles}), session)
    assert opened.role is CourseRole.NONE
    assert opened.enrollment_id is None
    assert RIGHTS[opened.role] == frozenset()
    assert session.scalars(select(Enrollment)).all() == []


@row(39)
def test_no_context_means_no_course(browser: Browser, platform: Platform, session: Session):
    attempt = browser.begin(platform)
    del attempt.claims[lti.CONTEXT]
    answer = attempt.post()
    opened = only_session(session)
    assert opened.course_id is None and opened.enrollment_id is None
    assert session.scalars(select(Course)).all() == []
    assert browser.open(answer.location).status_code == 200


@row(40)
def test_unexpanded_values_are_absent(browser: Browser, platform: Platform, session: Session):
    attempt = browser.begin(platform)
    attempt.claims[lti.CUSTOM] = {"activity": "$Canvas.assignment.id", "other": None, "n": 3}
    answer = attempt.post()
    assert answer.status_code == 303, answer.text
    assert only_session(session).activity_id is None
    assert answer.location.endswith("/tutor/"), "not a link whose activity is lost"


@row(40)
def test_an_unexpanded_context_is_no_course(browser: Browser, platform: Platform, session: Session):
    """All courses of that LMS would share it."""
    attempt = browser.begin(platform)
    attempt.claims[lti.CONTEXT] = {"id": "$Context.id", "title": "$100 for a start"}
    assert opens(attempt, session).course_id is None
    assert session.scalars(select(Course)).all() == []


@row(40)
def test_unexpanded_names_and_titles_are_absent(
    browser: Browser, platform: Platform, session: Session
):
    attempt = begin_with(
        browser,
        platform,
        given_name="$Person.name.given",
        family_name="$Person.name.family",
        name="$Person.name.full",
        email="$Person.email.primary",
    )
    attempt.claims[lti.CONTEXT] |= {"title": "$Context.title", "label": "$100 & more"}
    attempt.claims[lti.RESOURCE_LINK] |= {"title": "$ResourceLink.title"}
    opened = opens(attempt, session)
    person = session.get_one(User, opened.user_id)
    assert (person.first_name, person.last_name) == ("", "")
    assert person.email.endswith("@users.invalid")
    course = session.get_one(Course, opened.course_id)
    assert (course.course_name, course.course_code) == ("$100 & more", "$100 & more")
    assert session.scalars(select(ResourceLink.title)).all() == [""]


@row(46)
def test_markup_in_names_is_text(browser: Browser, platform: Platform, session: Session):
    nasty = "<script>alert(1)</script>"
    attempt = begin_with(
        browser,
        platform,
        given_name=nasty,
        family_name='"><img src=x>',
        name=nasty,
        locale="<b>",
    )
    attempt.claims[lti.CONTEXT] |= {"title": nasty, "label": "<b>"}
    attempt.claims[lti.RESOURCE_LINK] |= {"title": nasty}
    attempt.claims[lti.LAUNCH_PRESENTATION] = {"return_url": "javascript:alert(1)", "locale": "xx<"}
    answer = attempt.post()
    assert only_session(session).locale is None
    page = browser.open(answer.location).text
    assert "<script>alert" not in page and "<img src=x" not in page


def test_text_that_no_database_takes(browser: Browser, platform: Platform, session: Session):
    attempt = begin_with(browser, platform, given_name="A\x00da", family_name="\ud800Nov\u202eak")
    attempt.claims[lti.CONTEXT] |= {"title": "Py\x00thon", "label": "L" * 300}
    attempt.claims[lti.RESOURCE_LINK] |= {"title": "\x00" * 3}
    attempt.claims[lti.CUSTOM] = {"a\x00b": "c\ud800d"}
    attempt.token = signed_by_hand(platform, attempt.claims)
    opened = opens(attempt, session)
    person = session.get_one(User, opened.user_id)
    assert (person.first_name, person.last_name) == ("Ada", "Novak")
    course = session.get_one(Course, opened.course_id)
    assert (course.course_name, course.course_code) == ("Python", "L" * 20)


@row(47)
@pytest.mark.parametrize(
    ("roles", "mentors"), [([lti.LEARNER], False), ([f"{lti.MEMBERSHIP}#Mentor"], True)]
)
def test_mentored_people_come_with_the_mentor_role_alone(
    roles: list[str], mentors: bool, browser: Browser, platform: Platform, session: Session
):
    """Without Mentor the claim gives no right to look at anybody."""
    attempt = begin_with(browser, platform, **{lti.ROLES: roles, MENTORED: ["somebody"]})
    opened = opens(attempt, session)
    assert (opened.role is CourseRole.OBSERVER) is mentors
    assert Right.TEACH not in RIGHTS[opened.role]

    waiting = begin_with(browser, platform, **{lti.ROLES: roles, MENTORED: ["somebody", 7, "\n"]})
    waiting.keeps_cookie = False
    assert waiting.post().status_code == 200
    kept = session.scalars(select(PendingLaunch.claims)).one()
    assert kept["mentored"] == (["somebody"] if mentors else [])


@row(48)
def test_the_test_student_is_a_preview(browser: Browser, platform: Platform, session: Session):
    attempt = browser.begin(platform, "test-student")
    opened = opens(attempt, session)
    assert opened.role is CourseRole.TEST_STUDENT
    assert session.scalars(select(Enrollment.role)).all() == [CourseRole.TEST_STUDENT]


def test_deep_linking_opens_the_picker(browser: Browser, platform: Platform, session: Session):
    attempt = browser.begin_deep_linking(platform)
    settings = attempt.claims[lti.DL_SETTINGS]
    opened = opens(attempt, session)
    assert opened.deep_linking is not None
    assert opened.deep_linking["return_url"] == settings["deep_link_return_url"]
    assert opened.deep_linking["data"] == settings["data"]
    assert opened.resource_link_id is None


def test_wrong_types_of_optional_claims_are_ignored(
    browser: Browser, platform: Platform, session: Session
):
    odd = [lti.CUSTOM, lti.AGS_ENDPOINT, lti.NRPS_SERVICE, lti.LAUNCH_PRESENTATION,
           lti.TOOL_PLATFORM]  # fmt: skip
    for value in ("text", 7, ["a"], None, {"scope": 5, "lineitem": [], "locale": {}}):
        attempt = begin_with(browser, platform, **dict.fromkeys(odd, value))
        attempt.claims |= {"email": value, "given_name": value, "name": value, "locale": value}
        answer = attempt.post()
        assert answer.status_code == 303, (value, answer.text)
