"""What heads the page of a launch that does not go on, and what it says to do."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections.switches import set_status
from demo_lms import Platform, persons
from demo_lms import vocabulary as lti
from lti_config.approval import OFF, WAITING, WHO_APPROVES, WHO_SWITCHES
from models import Deployment, Institution, Registration, RegistrationStatus
from tests.launch.lms import Browser


def test_a_deployment_that_waits_is_no_failure(browser: Browser, platform: Platform) -> None:
    for _ in range(2):  # unknown, then known and waiting
        attempt = browser.begin(platform)
        attempt.claims[lti.DEPLOYMENT_ID] = "another school"
        page = attempt.post()
        assert page.status_code == 403
        assert f"<h1>{WAITING}</h1>" in page.text and "This did not work" not in page.text
        assert WHO_APPROVES in page.text


def test_a_registration_that_waits(
    browser: Browser, platform: Platform, registration: Registration, session: Session
) -> None:
    set_status(session, registration.registration_id, RegistrationStatus.PENDING)
    session.commit()
    page = browser.log_in(platform, persons.get("student-1"), None)
    assert page.status_code == 403
    assert f"<h1>{WAITING}</h1>" in page.text and WHO_APPROVES in page.text


@pytest.mark.parametrize("what", ["deployment", "institution"])
def test_what_is_switched_off_says_whom_to_ask(
    what: str, browser: Browser, platform: Platform, session: Session
) -> None:
    deployment = session.scalars(select(Deployment)).one()
    if what == "deployment":
        set_status(session, deployment.deployment_id, RegistrationStatus.DISABLED)
    else:
        school = Institution(name="Lakeside College", is_active=False)
        session.add(school)
        session.flush()
        deployment.institution_id = school.institution_id
    session.commit()
    page = browser.launch(platform)
    assert page.status_code == 403
    assert f"<h1>{OFF}</h1>" in page.text and WHO_SWITCHES in page.text


def test_going_back_is_told_as_that(browser: Browser, platform: Platform) -> None:
    attempt = browser.begin(platform)
    assert attempt.post().status_code == 303
    assert "<h1>Already opened</h1>" in attempt.post().text


def test_a_launch_that_can_not_be_verified(browser: Browser, platform: Platform) -> None:
    attempt = browser.begin(platform)
    attempt.claims["nonce"] = "another"
    assert "<h1>You were not signed in</h1>" in attempt.post().text


def test_a_place_that_takes_no_links_says_where_they_go(
    browser: Browser, platform: Platform
) -> None:
    attempt = browser.begin_deep_linking(platform)
    attempt.claims[lti.DL_SETTINGS] |= {"accept_types": ["file", "html"]}
    page = attempt.post()
    assert page.status_code == 400
    assert "<h1>No link can be added here</h1>" in page.text
    assert "where your course offers external tools" in page.text
