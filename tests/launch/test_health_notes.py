"""What launches tell of a connection's health: the operator reads what is wrong, in words."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections import health
from demo_lms import Platform
from lti_config.errors import Fault
from models import HealthKind, RegistrationHealth
from tests.launch.lms import TOOL, Attempt, Browser

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
Spoil = Callable[[Attempt], object]


def noted(session: Session) -> RegistrationHealth | None:
    session.expire_all()
    return session.scalars(select(RegistrationHealth)).one_or_none()


@pytest.mark.parametrize(
    ("fault", "spoil"),
    [
        (Fault.KEY, lambda one: setattr(one, "token", one.id_token()[:-8] + "AAAAAAAA")),
        (Fault.CLOCK, lambda one: one.claims.update(iat=int(time.time()) + 900)),
        (Fault.AUDIENCE, lambda one: one.claims.update(aud="another")),
        (Fault.ISSUER, lambda one: one.claims.update(iss="https://another.example")),
        (Fault.DEPLOYMENT, lambda one: one.claims.update({LTI + "deployment_id": "another"})),
        (Fault.MESSAGE, lambda one: one.claims.pop(LTI + "roles")),
        (Fault.ANONYMOUS, lambda one: one.claims.pop("sub")),
        (Fault.TARGET, lambda one: one.claims.update({LTI + "target_link_uri": TOOL + "/other"})),
    ],
)
def test_a_refused_launch_says_what_is_wrong(
    fault: Fault, spoil: Spoil, browser: Browser, platform: Platform, session: Session
) -> None:
    attempt = browser.begin(platform)
    spoil(attempt)
    assert attempt.post().status_code >= 400
    row = noted(session)
    assert row and row.last_fault == fault.value
    assert (row.last_error or "").startswith(health.WORDS[fault] + "\n")
    assert row.kind is HealthKind.LAUNCH and row.last_good_at is None
    assert health.is_failing(row) is (fault is not Fault.DEPLOYMENT), "that one waits, and is shown"


def test_a_launch_that_opens_cures_it(
    browser: Browser, platform: Platform, session: Session
) -> None:
    attempt = browser.begin(platform)
    attempt.claims["aud"] = "another"
    attempt.post()
    assert browser.launch(platform).status_code == 303
    row = noted(session)
    assert row and row.last_error and not health.is_failing(row)


def test_a_link_that_leads_elsewhere_is_told(
    browser: Browser, platform: Platform, session: Session
) -> None:
    sent = {
        "iss": platform.settings.issuer,
        "client_id": platform.settings.client_id,
        "login_hint": "1",
        "target_link_uri": "https://former-address.example/lti/launch",
    }
    assert browser.open("/lti/login", method="POST", data=sent).status_code == 400
    row = noted(session)
    assert row and row.last_fault == Fault.TARGET.value
    assert "former-address" in (row.last_error or "")


def test_a_single_persons_trouble_is_not_the_connections(
    browser: Browser, platform: Platform, session: Session
) -> None:
    """Going back to a launch that was opened already."""
    attempt = browser.begin(platform)
    assert attempt.post().status_code == 303
    assert attempt.post().status_code == 401
    row = noted(session)
    assert row and row.last_error is None


def test_what_belongs_to_no_registration_is_not_kept(browser: Browser, session: Session) -> None:
    answer = browser.open("/lti/launch", method="POST", data={"id_token": "a.b.c", "state": "x"})
    assert answer.status_code == 400
    assert noted(session) is None
