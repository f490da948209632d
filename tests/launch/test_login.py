"""The login request: GET or POST, answered with the platform's address and a state of ours."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import limits
from app.connections.switches import set_status
from app.launch import views
from demo_lms import Platform
from models import LaunchState, Registration, RegistrationStatus
from tests.launch import lms
from tests.launch.lms import Browser, launch_data
from tests.launch.table import row

TARGET = "http://localhost:8000/lti/launch"


def log_in(
    browser: Browser, platform: Platform, method: str = "POST", **given: Any
) -> TestResponse:
    params = {
        "iss": platform.settings.issuer,
        "login_hint": "a b&c",
        "target_link_uri": TARGET,
        "lti_message_hint": '{"cmid":3,"launchid":"l_1"}',
        "client_id": platform.settings.client_id,
        **given,
    }
    params = {name: text for name, text in params.items() if text is not None}
    where = "query_string" if method == "GET" else "data"
    return browser.open("/lti/login", method=method, **{where: params})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_authentication_request(
    method: str, browser: Browser, platform: Platform, session: Session
):
    page = log_in(browser, platform, method)
    address = launch_data(page)["authorization_url"]
    row = session.scalars(select(LaunchState)).one()
    assert address.startswith(platform.settings.authorization_url + "?")
    assert {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()} == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.settings.client_id,
        "redirect_uri": TARGET,
        "login_hint": "a b&c",
        "lti_message_hint": '{"cmid":3,"launchid":"l_1"}',
        "state": row.state,
        "nonce": row.nonce,
    }
    assert row.secret_hash.hex() not in page.text


def test_no_client_id_is_enough_while_there_is_one(
    browser: Browser, platform: Platform, session: Session
):
    assert log_in(browser, platform, client_id=None).status_code == 200
    lms.register(session, platform, client_id="second")
    assert log_in(browser, platform, client_id=None).status_code == 400
    assert log_in(browser, platform, client_id="second").status_code == 200


@row(43)
@pytest.mark.parametrize(
    "fault",
    [
        {"iss": None},
        {"iss": "https://lms.example"},
        {"iss": "a\x00b"},
        {"client_id": "somebody"},
        {"login_hint": None},
        {"target_link_uri": None},
        {"target_link_uri": "https://attacker.example/"},
        {"target_link_uri": "http://localhost:8000@attacker.example/"},
        {"target_link_uri": "http://localhost:8000\\@attacker.example/"},
        {"target_link_uri": "//attacker.example/"},
    ],
)
def test_bad_logins(fault: dict[str, Any], browser: Browser, platform: Platform, session: Session):
    answer = log_in(browser, platform, **fault)
    assert answer.status_code == 400
    assert "data-error-reference" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert session.scalars(select(LaunchState)).all() == []


@row(41)
def test_a_registration_that_is_switched_off(
    browser: Browser, platform: Platform, registration: Registration, session: Session
):
    """Neither a new login nor one that is on its way."""
    on_its_way = browser.begin(platform)
    set_status(session, registration.registration_id, RegistrationStatus.DISABLED)
    session.commit()
    assert log_in(browser, platform).status_code == 403
    assert on_its_way.post().status_code == 403


def test_an_authentication_address_with_a_query(
    browser: Browser, platform: Platform, registration: Registration, session: Session
):
    session.get_one(Registration, registration.registration_id).auth_url += "?tenant=1"
    session.commit()
    address = launch_data(log_in(browser, platform))["authorization_url"]
    assert address.count("?") == 1 and "?tenant=1&scope=openid" in address


def test_the_new_window_has_all_that_came(browser: Browser, platform: Platform):
    page = log_in(browser, platform, _scheme="javascript", endpoint="x", lti_deployment_id="1")
    assert "top=1" in page.text and "lti_deployment_id=1" in page.text
    assert 'href="javascript' not in page.text


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few as three a minute."""
    monkeypatch.setattr(views, "_LOGINS", limits.Burst(most=3, seconds=10_000))


def test_a_flood_of_sign_ins_is_stopped_and_nothing_is_kept_of_it(
    few: None, browser: Browser, platform: Platform, session: Session
) -> None:
    pages = [log_in(browser, platform) for _ in range(5)]
    assert [page.status_code for page in pages] == [200, 200, 200, 429, 429]
    assert "<h1>Too many sign-ins at once</h1>" in pages[3].text
    assert "in a minute" in pages[3].text
    assert len(session.scalars(select(LaunchState)).all()) == 3


def test_others_are_not_stopped_by_a_flood(
    few: None, browser: Browser, platform: Platform, other_platform: Platform
) -> None:
    """Neither another LMS, nor who comes from another address through the same proxy."""
    assert [log_in(browser, platform).status_code for _ in range(4)][-1] == 429
    assert log_in(browser, other_platform).status_code == 200
    behind = {"X-Forwarded-For": "spoofed, 198.51.100.7"}
    post = {"iss": platform.settings.issuer, "login_hint": "x", "target_link_uri": TARGET}
    answer = browser.open("/lti/login", method="POST", data=post, headers=behind)
    assert answer.status_code == 200


def test_a_whole_class_behind_one_address_is_no_flood() -> None:
    burst = limits.Burst(most=views.MOST_LOGINS, seconds=10_000)
    assert all(burst.take("one school") for _ in range(300 * 10))
    assert not burst.take("one school")
