"""A check whose sign-in is refused: the list says how far it came and what to do, nothing more."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from demo_lms import Platform, faults
from demo_lms import vocabulary as lti
from models import CachedKeySet, Deployment, Registration, RegistrationStatus, ToolSession, now
from tests.launch.lms import Browser
from tests.selfcheck.conftest import CHECK, Checked
from tests.selfcheck.test_launched import found

GOOD, BAD, OFF = "Works", "Does not work", "Not there"


@pytest.mark.parametrize(
    ("claims", "failed", "before", "after", "words"),
    [
        ({"iss": "https://other.example"}, "Issuer and client id", "Keys", "Clock", "move the"),
        ({"aud": "other"}, "Issuer and client id", "Keys", "Clock", "client id"),
        ({"iat": 400}, "Clock", "Issuer and client id", "Message", "time server"),
        ({"exp": -400}, "Clock", "Keys", "Deployment", "time server"),
        ({lti.VERSION: "1.1"}, "Message", "Clock", "Deployment", "LTI 1.3"),
        ({"sub": None}, "Message", "Clock", "Deployment", "without an account"),
        ({lti.DEPLOYMENT_ID: "unseen"}, "Deployment", "Message", None, "approve"),
    ],
)
def test_where_it_ended(
    claims: dict[str, Any],
    failed: str,
    before: str,
    after: str | None,
    words: str,
    checked: Checked,
    session: Session,
) -> None:
    moment = int(now().timestamp())
    given = {
        name: moment + value if name in {"iat", "exp"} else value for name, value in claims.items()
    }
    answer = checked.begin(**given).post()
    assert answer.status_code in {400, 401, 403}
    parts = found(answer.text)
    assert parts[failed][0] == BAD and words in parts[failed][1]
    assert parts[before][0] == GOOD
    assert after is None or parts[after] == (OFF, "Not reached.")
    assert session.scalars(select(ToolSession)).all() == []


def test_by_how_much_the_clock_is_wrong(checked: Checked) -> None:
    page = checked.begin(iat=int(now().timestamp()) + 400).post().text
    assert "s ahead of our clock" in page


def test_a_key_set_that_cannot_be_read_tells_nothing_of_networks(
    checked: Checked, platform: Platform, session: Session
) -> None:
    attempt = checked.begin()
    session.query(CachedKeySet).delete()
    session.commit()
    try:
        faults.set_faults(platform.store, jwks_down=True)
        answer = attempt.post()
    finally:
        faults.clear_faults(platform.store)
    assert answer.status_code == 503
    assert found(answer.text)["Keys"][0] == BAD
    assert platform.settings.jwks_url not in answer.text


def test_an_lms_that_is_not_registered(checked: Checked, session: Session) -> None:
    fields = {
        "iss": "https://unknown.example/<b>",
        "client_id": "c9",
        "login_hint": "1",
        "target_link_uri": CHECK,
    }
    answer = checked.browser.open("/lti/login", method="POST", data=fields)
    assert answer.status_code == 400
    parts = found(answer.text)
    assert parts["Registration"][0] == BAD and "letter by letter" in parts["Registration"][1]
    assert "https://unknown.example/&lt;b&gt;" in answer.text and "c9" in answer.text
    own = session.scalars(select(Registration)).one()
    assert own.client_id not in answer.text and own.issuer not in answer.text


def test_a_platform_that_denies(checked: Checked) -> None:
    attempt = checked.begin()
    answer = checked.browser.open(
        "/lti/launch",
        method="POST",
        data={
            "error": "unauthorized_client",
            "error_description": "redirect_uri <unknown>",
            "state": attempt.state,
        },
    )
    parts = found(answer.text)
    assert parts["Answer of the LMS"][0] == BAD
    assert "redirect_uri &lt;unknown&gt;" in answer.text


def test_a_sign_in_that_was_used_before(checked: Checked) -> None:
    attempt = checked.begin()
    assert attempt.post().status_code == 303
    answer = attempt.post()
    assert answer.status_code == 401
    assert found(answer.text)["This sign-in"][0] == BAD


def test_a_deployment_that_is_disabled(checked: Checked, session: Session) -> None:
    session.execute(update(Deployment).values(status=RegistrationStatus.DISABLED))
    session.commit()
    parts = found(checked.begin().post().text)
    assert parts["Deployment"][0] == BAD


def test_other_links_say_it_shortly(browser: Browser, platform: Platform) -> None:
    attempt = browser.begin(platform, "teacher")
    attempt.claims["iss"] = "https://other.example"
    answer = attempt.post()
    assert answer.status_code == 401 and "Connection check" not in answer.text


def test_a_state_that_nobody_knows(checked: Checked) -> None:
    attempt = checked.begin()
    attempt.form = {"state": "unknown"}
    answer = attempt.post()
    assert answer.status_code == 401 and "Connection check" not in answer.text
