"""A launch makes a session of its own, whatever the browser or an attacker brings along."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo_lms import Platform
from models import Deployment, Institution, LtiIdentity, RegistrationStatus, ToolSession
from tests.launch.lms import Attempt, Browser

SID = "planted-by-them"


def sid_of(address: str) -> str:
    return address.split("/")[2]


def subject_of(session: Session, sid: str) -> str:
    session.rollback()
    user_id = session.get_one(ToolSession, sid).user_id
    return session.scalars(select(LtiIdentity.subject).filter_by(user_id=user_id)).one()


def test_a_session_that_was_planted_is_not_taken_up(
    browser: Browser, platform: Platform, session: Session
):
    """Neither by cookie nor by a field of the form or the address."""
    browser.client.set_cookie(f"__Host-s-{SID}", "known-to-them", domain="localhost")
    attempt = browser.begin(platform)
    attempt.form |= {"sid": SID, "session_id": SID, "next": f"/s/{SID}/tutor/"}
    answer = attempt.post()
    assert answer.status_code == 303
    assert SID not in answer.location
    assert "known-to-them" not in "".join(answer.headers.getlist("Set-Cookie"))
    assert session.scalars(select(ToolSession.session_id)).all() == [sid_of(answer.location)]
    assert browser.open(f"/s/{SID}/tutor/").status_code == 401


def test_the_attackers_own_session_does_not_become_the_victims(
    browser: Browser, platform: Platform, session: Session
):
    """The victim has the attacker's session open, cookie and all, and launches."""
    theirs = browser.launch(platform, "student-1").location
    mine = browser.launch(platform, "student-2").location
    assert sid_of(mine) != sid_of(theirs)
    assert subject_of(session, sid_of(mine)) != subject_of(session, sid_of(theirs))
    first, second = session.scalars(select(ToolSession)).all()
    assert first.secret_hash != second.secret_hash


@pytest.mark.parametrize("what", ["registration", "deployment", "school"])
def test_a_session_that_came_while_its_connection_was_switched_off_opens_nothing(
    what: str, browser: Browser, platform: Platform, session: Session
):
    """The launch was under way: whoever switched off could not see its session to end it."""
    answer = browser.launch(platform)
    assert browser.open(answer.location).status_code == 200
    deployment = session.scalars(select(Deployment)).one()
    if what == "school":
        school = Institution(name="Lakeside", is_active=False)
        session.add(school)
        session.flush()
        deployment.institution_id = school.institution_id
    else:
        row = deployment.registration if what == "registration" else deployment
        row.status = RegistrationStatus.DISABLED
    session.commit()
    assert browser.open(answer.location).status_code == 401


def test_an_address_alone_opens_nothing(browser: Browser, platform: Platform):
    address = browser.launch(platform).location
    assert browser.open(address).status_code == 200
    browser.drop_cookies()
    page = browser.open(address)
    assert page.status_code == 401
    assert "Open it again from your course" in page.text


def test_the_attackers_launch_in_the_victims_browser_stops(
    browser: Browser, platform: Platform, session: Session
):
    """Login CSRF: the attacker's token and state, posted by a browser that began another login."""
    attackers = Browser(browser.client.application).begin(platform, "student-1")
    mine = browser.begin(platform, "student-2")
    crossed = Attempt(browser, platform, attackers.params, attackers.claims, mine.secret)
    page = crossed.post()
    assert page.status_code == 200 and "Set-Cookie" not in page.headers
    assert session.scalars(select(ToolSession)).all() == []

    crossed.form["state"] = mine.state  # nor with the victim's own state
    assert crossed.post().status_code == 401
    assert mine.post().status_code == 303


def test_the_secret_of_a_login_is_good_once(browser: Browser, platform: Platform):
    """Its cookie goes with the launch, and opens no other login."""
    first = browser.begin(platform)
    name = f"__Host-lti_{first.state[:8]}"
    assert first.post().status_code == 303
    assert browser.client.get_cookie(name, domain="localhost") is None
    second = browser.begin(platform)
    browser.client.set_cookie(f"__Host-lti_{second.state[:8]}", first.secret, domain="localhost")
    page = second.post()
    assert page.status_code == 200 and "launch-data" in page.text
