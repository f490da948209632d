"""The connection check after a launch from the demo LMS: who may see it, and what it says."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.selfcheck import views
from app.selfcheck.target import leads_to_check
from demo_lms import Platform, faults, persons
from demo_lms import vocabulary as lti
from models import (
    CachedKeySet,
    CourseRole,
    Registration,
    RegistrationStatus,
    ToolSession,
    now,
)
from tests import factories
from tests.helpers import enter
from tests.launch.lms import Browser
from tests.selfcheck.conftest import CHECK, Checked


def found(page: str) -> dict[str, tuple[str, str]]:
    """What the page says of each part: its label and its words."""
    parts = {}
    for row in page.split("<li ")[1:]:
        title = re.search(r"<h3>(.*?)</h3>", row)
        label = re.search(r'class="cl-label[^"]*">.*?</svg>\s*(.*?)</span>', row, re.S)
        words = re.search(r"<p>(.*?)</p>", row, re.S)
        if title and label and words:
            text = unescape(re.sub(r"<[^>]*>|\s+", " ", words[1]))
            parts[unescape(title[1])] = label[1], " ".join(text.split())
    return parts


def test_a_teacher_sees_that_all_works(checked: Checked) -> None:
    parts = found(checked.open())
    labels = {
        "Works": "Keys,Clock,Deployment,Message,Cookie at sign-in",
        "Came": "Course,Roles,Names,E-mail,Course copies,Custom values",
        "Allowed": "Scores,Gradebook columns,Results,Names and roles",
    }
    for label, titles in labels.items():
        for title in titles.split(","):
            assert parts[title][0] == label, title
    assert checked.platform.key.kid in parts["Keys"][1]
    assert "demo-1 of client id coursellm-demo" in parts["Deployment"][1]
    assert "membership#Instructor" in parts["Roles"][1]
    assert "you are a teacher of this course" in parts["Roles"][1]
    assert "a copy of none" in parts["Course copies"][1]
    assert parts["Custom values"][1] == (
        "With a value: page. Without one: context_history. Not known to your LMS: odd."
    )


def test_nothing_of_the_person_or_secret_stands_there(checked: Checked, session: Session) -> None:
    page = checked.open()
    person = persons.get("teacher")
    kept = session.scalars(select(ToolSession.launch_facts)).one()
    for secret in (person.subject, person.family_name, person.email):
        assert secret not in str(kept)
        assert secret not in page.split("<main")[1]
    assert kept is not None and kept["name"] is True and kept["proof"] == "cookie"


def test_an_administrator_without_a_course(checked: Checked) -> None:
    page = checked.open("admin", **{lti.CONTEXT: None})
    parts = found(page)
    assert parts["Course"][0] == "Needs a look"
    assert parts["Services"][0] == "Not there"
    assert "an administrator of the LMS" in parts["Roles"][1]


def test_an_administrator_of_a_course(checked: Checked, session: Session) -> None:
    parts = found(checked.open("admin"))
    assert parts["Course"][1] == "This is Python basics."
    assert "members" in checked.test("roster", session)


@pytest.mark.parametrize("person", ["student-1", "test-student", "ta"])
def test_others_get_what_any_link_opens(person: str, checked: Checked, session: Session) -> None:
    answer = checked.begin(person).post()
    assert answer.status_code == 303 and answer.headers["Location"].endswith("/tutor/")
    address = answer.headers["Location"].replace("/tutor/", "/check/")
    assert checked.browser.open(address).status_code == 403
    assert session.scalars(select(ToolSession.launch_facts)).one() is None


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (CourseRole.STUDENT, 403),
        (CourseRole.TEST_STUDENT, 403),
        (CourseRole.TA, 403),
        (CourseRole.OBSERVER, 403),
        (CourseRole.NONE, 403),
        (CourseRole.TEACHER, 404),  # nothing was kept of a launch
    ],
)
def test_rights(role: CourseRole, status: int, app: Flask, session: Session) -> None:
    visitor = enter(app, session, factories.course(session), role)
    assert visitor.get("check/").status_code == status
    assert visitor.post("check/token").status_code == status


@pytest.mark.parametrize(
    ("claims", "label", "words"),
    [
        ({"iat": 30}, "Needs a look", r"clock is (2\d|30) seconds ahead"),
        ({"iat": -200, "exp": -20}, "Needs a look", r"had run out (2\d|3\d) seconds before"),
        ({"iat": -180}, "Needs a look", r"was made 3 minutes before it came"),
        ({"iat": -8}, "Works", r"agree to within ([89]|[1-4]\d) s"),
    ],
)
def test_the_clock(claims: dict[str, int], label: str, words: str, checked: Checked) -> None:
    moment = int(now().timestamp())
    times = {name: moment + offset for name, offset in claims.items()}
    part = found(checked.open(**times))["Clock"]
    assert part[0] == label and re.search(words, part[1])


@pytest.mark.parametrize(
    ("claims", "title", "label"),
    [
        ({"given_name": None, "family_name": None, "name": None}, "Names", "Needs a look"),
        ({"email": None}, "E-mail", "Did not come"),
        ({lti.CUSTOM: {}}, "Course copies", "Needs a look"),
        ({lti.CUSTOM: {"context_history": "$Context.id.history"}}, "Course copies", "Did not come"),
        ({lti.CUSTOM: {"Context_History": "1,2"}}, "Course copies", "Came"),
        ({lti.CUSTOM: "odd"}, "Custom values", "Did not come"),
        ({lti.NRPS_SERVICE: None}, "Names and roles", "Not allowed"),
        ({lti.AGS_ENDPOINT: None}, "Scores", "Not allowed"),
        ({lti.AGS_ENDPOINT: {"scope": [lti.SCOPE_SCORE]}}, "Gradebook columns", "Not allowed"),
        ({lti.AGS_ENDPOINT: {"scope": [lti.SCOPE_SCORE]}}, "Scores", "Allowed"),
        ({lti.ROLES: [f"{lti.MEMBERSHIP}#Instructor", "x" * 5000]}, "Roles", "Came"),
    ],
)
def test_what_is_missing(claims: dict[str, Any], title: str, label: str, checked: Checked) -> None:
    assert found(checked.open(**claims))[title][0] == label


def test_what_the_lms_sends_is_escaped(checked: Checked) -> None:
    page = checked.open(
        **{
            lti.CUSTOM: {"<script>alert(1)</script>": "x"},
            lti.TOOL_PLATFORM: {"product_family_code": "<b>x</b>", "guid": "g"},
        }
    )
    assert "<script>alert" not in page and "<b>x</b>" not in page


def test_a_key_set_that_was_not_read_anew(checked: Checked, session: Session) -> None:
    checked.open()
    session.execute(update(CachedKeySet).values(expires_at=now() - timedelta(minutes=1)))
    session.commit()
    page = checked.browser.open(checked.address).text
    assert found(page)["Keys"][0] == "Needs a look"


def test_a_sign_in_without_a_cookie(checked: Checked, session: Session) -> None:
    attempt = checked.begin()
    attempt.keeps_cookie = False
    page = attempt.post()
    handle = re.search(r'"handle": "([^"]+)"', page.text)
    assert handle
    opened = checked.browser.open(
        "/lti/launch/finish",
        method="POST",
        json={"handle": handle[1], "secret": attempt.secret},
    ).get_json()
    answer = checked.browser.open(
        opened["url"], headers={"Authorization": f"Bearer {opened['token']}"}
    )
    assert found(answer.text)["Cookie at sign-in"][0] == "Needs a look"


def test_the_services_answer(checked: Checked, session: Session) -> None:
    checked.open()
    token = found(checked.test("token", session))["Access to services"]
    assert token[0] == "Works" and "scores" in token[1] and "names and roles" in token[1]
    assert found(checked.test("roster", session))["List of members"] == (
        "Works",
        "The first page lists 6 members.",
    )
    assert found(checked.test("columns", session))["Gradebook"][0] == "Works"


def test_all_services_at_once_for_pages_without_script(checked: Checked, session: Session) -> None:
    checked.open()
    parts = found(checked.test("all", session))
    assert parts["Access to services"][0] == parts["Gradebook"][0] == "Works"
    assert parts["Keys"][0] == "Works"


def test_services_that_fail(checked: Checked, platform: Platform, session: Session) -> None:
    checked.open()
    try:
        faults.set_faults(platform.store, ags_down=True, nrps_down=True)
        roster = checked.test("roster", session)
        for page, title in (
            (roster, "List of members"),
            (checked.test("columns", session), "Gradebook"),
        ):
            label, words = found(page)[title]
            assert label == "Does not work" and "answered with status 503: it is down" in words
            assert "No setting is to blame." in words
        faults.set_faults(platform.store, token_down=True)
        token = checked.test("token", session)
        label, words = found(token)["Access to services"]
        assert label == "Does not work" and "answered with status 503" in words
        assert "/lti/jwks" not in token, "its settings are right"
    finally:
        faults.clear_faults(platform.store)


def test_a_key_that_the_lms_does_not_take(checked: Checked, session: Session) -> None:
    checked.open()
    session.execute(update(Registration).values(client_id="another"))
    session.commit()
    label, words = found(checked.test("token", session))["Access to services"]
    assert label == "Does not work" and "answered with status 400" in words
    assert "Your LMS must be able to read" in words and "/lti/jwks" in words


def test_services_that_are_not_offered(checked: Checked, session: Session) -> None:
    checked.open(**{lti.NRPS_SERVICE: None, lti.AGS_ENDPOINT: None})
    for name in ("token", "roster", "columns"):
        ((label, _words),) = found(checked.test(name, session)).values()
        assert label == "Not there"


def test_the_lms_is_not_bothered_by_reloads(
    checked: Checked, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_TESTS", 1)
    checked.open()
    checked.test("roster", session)
    with pytest.raises(AssertionError, match="tested often just now"):
        checked.test("roster", session)


def test_an_unknown_test(checked: Checked, session: Session) -> None:
    checked.open()
    with pytest.raises(AssertionError):
        checked.test("odd", session)


def test_a_registration_that_is_switched_off_meanwhile(checked: Checked, session: Session) -> None:
    """The session ends with the connection that it came by."""
    checked.open()
    session.execute(update(Registration).values(status=RegistrationStatus.DISABLED))
    session.commit()
    assert checked.browser.open(checked.address).status_code == 401


def test_it_is_found_from_where_people_land(
    browser: Browser, platform: Platform, session: Session
) -> None:
    page = browser.open(browser.launch(platform, "admin").headers["Location"]).text
    assert "You are here as an administrator" in page
    assert browser.open(re.findall(r'href="(/s/[^"]+/check/)"', page)[0]).status_code == 200
    grades = browser.launch(platform, "teacher").headers["Location"].replace("/tutor/", "/grades/")
    assert re.search(r'href="/s/[^"]+/check/"', browser.open(grades).text)
    grades = browser.launch(platform, "ta").headers["Location"].replace("/tutor/", "/grades/")
    assert not re.search(r'href="/s/[^"]+/check/"', browser.open(grades).text)


def test_its_address_says_what_it_is_for(browser: Browser) -> None:
    answer = browser.open("/lti/check")
    assert answer.status_code == 200 and CHECK in answer.text


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        (CHECK, True),
        (f"{CHECK}/", True),
        (f"{CHECK}?a=b#c", True),
        (f"{CHECK}s", False),
        ("http://localhost:8000/lti/launch", False),
        ("https://localhost:8000/lti/check", False),
        ("http://other:8000/lti/check", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_the_target(target: str, leads: bool) -> None:
    assert leads_to_check(target, "http://localhost:8000") is leads
