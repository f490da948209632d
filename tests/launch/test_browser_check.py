"""The browser proves that it began the login: by cookie, else by the secret its page kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.connections.switches import set_status
from app.launch.jobs import sweep
from demo_lms import Platform, faults, links, persons
from demo_lms import vocabulary as lti
from models import (
    Deployment,
    Institution,
    LaunchState,
    PendingLaunch,
    Registration,
    RegistrationStatus,
    ToolSession,
    now,
)
from tests.launch.lms import TOOL, Attempt, Browser, launch_data
from tests.launch.table import row


def count(session: Session, kind: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(kind)) or 0


def finish(browser: Browser, page: TestResponse, secret: str | None, **more: Any) -> TestResponse:
    data = launch_data(page)
    message = {"handle": data["handle"], "secret": secret or "", "stores": {}, **more}
    return browser.open(
        data["finish_url"], method="POST", json=message, headers={"Accept": "application/json"}
    )


@pytest.fixture
def cookieless(browser: Browser, platform: Platform) -> Attempt:
    """A launch by a browser that drops every cookie."""
    attempt = browser.begin(platform)
    attempt.keeps_cookie = False
    return attempt


def test_the_login_page_gives_the_browser_its_secret(browser: Browser, platform: Platform):
    attempt = browser.begin(platform)
    cookie = browser.client.get_cookie(f"__Host-lti_{attempt.state[:8]}", domain="localhost")
    assert cookie and cookie.value == attempt.secret
    assert cookie.secure and cookie.http_only and cookie.same_site == "None"
    assert cookie.max_age == 600
    page = browser.log_in(platform, persons.get("student-1"), None)
    (written,) = page.headers.getlist("Set-Cookie")
    for attribute in ("Partitioned", "Secure", "HttpOnly", "SameSite=None", "Path=/"):
        assert attribute in written


def test_a_browser_without_cookies_gets_a_token(cookieless: Attempt, session: Session):
    page = cookieless.post()
    assert page.status_code == 200
    assert count(session, ToolSession) == 0
    assert cookieless.secret not in page.text

    answer = finish(cookieless.browser, page, cookieless.secret)
    assert answer.status_code == 200
    url, token = answer.json["url"], answer.json["token"]
    assert "Set-Cookie" not in answer.headers
    opened = session.scalars(select(ToolSession)).one()
    assert url.startswith(f"/s/{opened.session_id}/") and token not in url
    inside = cookieless.browser.open(url, headers={"Authorization": f"Bearer {token}"})
    assert inside.status_code == 200
    assert cookieless.browser.open(url).status_code == 401
    assert count(session, PendingLaunch) == 0


def test_the_waiting_page_may_be_framed_by_its_platform_alone(
    cookieless: Attempt, platform: Platform
):
    policy = cookieless.post().headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {platform.settings.issuer}" in policy


def test_the_waiting_page_knows_where_the_platform_may_keep_the_secret(
    browser: Browser, platform: Platform
):
    """The frame that the login named, and the one that the launch names; one origin."""
    faults.set_faults(platform.store, platform_storage="_parent")
    try:
        attempt = browser.begin(platform)
    finally:
        faults.clear_faults(platform.store)
    attempt.keeps_cookie = False
    attempt.form["lti_storage_target"] = "post_message_forwarding"
    assert launch_data(attempt.post())["storage"] == {
        "origin": platform.settings.issuer,
        "targets": ["_parent", "post_message_forwarding"],
    }


def test_the_login_page_knows_it_too(browser: Browser, platform: Platform, session: Session):
    person, link = persons.get("student-1"), links.get(platform.store, links.FIRST_LINK)
    assert launch_data(browser.log_in(platform, person, link))["storage"] is None
    faults.set_faults(platform.store, platform_storage="post_message_forwarding")
    try:
        page = browser.log_in(platform, person, link)
    finally:
        faults.clear_faults(platform.store)
    origin = platform.settings.issuer
    assert launch_data(page)["storage"] == {
        "origin": origin,
        "targets": ["post_message_forwarding"],
    }
    targets = session.scalars(select(LaunchState.storage_target)).all()
    assert sorted(targets, key=str) == [None, "post_message_forwarding"]


@pytest.mark.parametrize("odd", ["", "a\x00b", "x" * 256, "a\nb"])
def test_what_can_be_no_frame_is_none(odd: str, cookieless: Attempt):
    cookieless.form["lti_storage_target"] = odd
    assert launch_data(cookieless.post())["storage"] is None


def test_canvas_can_be_asked_for_a_window(cookieless: Attempt):
    assert launch_data(cookieless.post())["full_window"] is None

    again = cookieless.browser.begin(cookieless.platform)
    again.keeps_cookie = False
    again.claims[lti.TOOL_PLATFORM] = {"product_family_code": "canvas"}
    again.claims["https://www.instructure.com/placement"] = "link_selection"
    page = again.post()
    assert launch_data(page)["full_window"] == {
        "subject": "requestFullWindowLaunch",
        "data": {
            "url": again.claims[lti.TARGET_LINK_URI],
            "launchType": "new_window",
            "placement": "link_selection",
            "resource_link_id": again.claims[lti.RESOURCE_LINK]["id"],
        },
    }
    assert "data-launch-window" in page.text


def test_who_is_blocked_is_told_with_browser_registration_and_stores(
    cookieless: Attempt, session: Session, caplog: pytest.LogCaptureFixture
):
    """And may show the secret after all, once the browser lets the page have it."""
    page = cookieless.post()
    stores = {
        "cookie": "empty",
        "sessionStorage": "blocked",
        "localStorage": "blocked",
        "platform": "blocked",
    }
    answer = finish(cookieless.browser, page, "", stores=stores)
    assert answer.status_code == 401
    registration = session.scalars(select(Registration.registration_id)).one()
    line = next(one.getMessage() for one in caplog.records if "secret" in one.getMessage())
    for said in (f"registration {registration}", str(stores), "Werkzeug", answer.json["reference"]):
        assert said in line
    assert finish(cookieless.browser, page, cookieless.secret).status_code == 200


@row(25)
@pytest.mark.parametrize("secret", ["", "wrong", "é\ud800", None])
def test_no_session_without_the_secret(
    secret: str | None, cookieless: Attempt, session: Session, caplog: pytest.LogCaptureFixture
):
    """Login CSRF. Somebody else's browser was made to post a genuine launch."""
    page = cookieless.post()
    stores = {"sessionStorage": "blocked" * 9, "evil": "x"}
    answer = finish(cookieless.browser, page, secret, stores=stores)
    assert answer.status_code == 401
    assert answer.json["reference"] in caplog.text
    assert "secret missing or wrong" in caplog.text and "evil" not in caplog.text
    assert count(session, ToolSession) == 0


def test_a_wrong_cookie_is_as_good_as_none(browser: Browser, platform: Platform, session: Session):
    attempt = browser.begin(platform)
    browser.client.set_cookie(
        f"__Host-lti_{attempt.state[:8]}", "somebody-else", domain="localhost"
    )
    page = attempt.post()
    assert page.status_code == 200 and launch_data(page)["handle"]
    assert count(session, ToolSession) == 0


@row(41)
@pytest.mark.parametrize("what", ["registration", "deployment", "school"])
def test_a_launch_that_waits_while_its_connection_is_switched_off(
    what: str, cookieless: Attempt, session: Session
):
    page = cookieless.post()
    deployment = session.scalars(select(Deployment)).one()
    if what == "school":
        school = Institution(name="Lakeside", is_active=False)
        session.add(school)
        session.flush()
        deployment.institution_id = school.institution_id
    else:
        item_id = deployment.registration_id if what == "registration" else deployment.deployment_id
        set_status(session, item_id, RegistrationStatus.DISABLED)
    session.commit()
    assert finish(cookieless.browser, page, cookieless.secret).status_code == 403
    assert count(session, ToolSession) == 0


def test_one_try_for_the_secret(cookieless: Attempt, session: Session):
    page = cookieless.post()
    assert finish(cookieless.browser, page, "guess").status_code == 401
    assert finish(cookieless.browser, page, cookieless.secret).status_code == 401
    assert count(session, ToolSession) == 0


def test_a_waiting_launch_opens_once_and_not_for_long(cookieless: Attempt, session: Session):
    page = cookieless.post()
    pending = session.scalars(select(PendingLaunch)).one()
    pending.expires_at = now() - timedelta(seconds=1)
    session.commit()
    assert finish(cookieless.browser, page, cookieless.secret).status_code == 401

    again = cookieless.browser.begin(cookieless.platform)
    again.keeps_cookie = False
    page = again.post()
    assert finish(again.browser, page, again.secret).status_code == 200
    assert finish(again.browser, page, again.secret).status_code == 401
    assert count(session, ToolSession) == 1


@pytest.mark.parametrize("body", ["", "[]", "7", '{"handle": 5}', '{"handle": "x", "secret": []}'])
def test_nonsense_at_the_finish(body: str, browser: Browser, session: Session):
    answer = browser.open(
        "/lti/launch/finish", method="POST", data=body, content_type="application/json"
    )
    assert answer.status_code == 401
    assert count(session, ToolSession) == 0


@pytest.mark.parametrize("path", ["/lti/launch", "/lti/launch/finish"])
def test_opened_by_hand_or_reloaded(path: str, browser: Browser):
    page = browser.open(path)
    assert page.status_code == 200
    assert "open the link in your course again" in page.text


@row(23)
def test_a_replay_is_told_so(browser: Browser, platform: Platform, session: Session):
    """Reload, back button, double click."""
    attempt = browser.begin(platform)
    assert attempt.post().status_code == 303
    again = attempt.post()
    assert again.status_code == 401
    assert "already opened" in again.text
    assert count(session, ToolSession) == 1


@row(45)
def test_of_two_at_once_exactly_one_wins(browser: Browser, platform: Platform, session: Session):
    app, tries = browser.client.application, 8
    attempt = browser.begin(platform)
    form = {"id_token": attempt.id_token(), "state": attempt.state}
    cookie = f"__Host-lti_{attempt.state[:8]}={attempt.secret}"
    together = Barrier(tries)

    def post(_number: int) -> int:
        together.wait()
        return (
            app.test_client(use_cookies=False)
            .post("/lti/launch", base_url=TOOL, data=form, headers={"Cookie": cookie})
            .status_code
        )

    with ThreadPoolExecutor(tries) as pool:
        statuses = sorted(pool.map(post, range(tries)))
    assert statuses == [303] + [401] * (tries - 1)
    assert count(session, ToolSession) == 1


@row(23)
def test_a_launch_that_waits_is_posted_again(cookieless: Attempt, session: Session):
    """The second is told so, and the first still opens."""
    page = cookieless.post()
    again = cookieless.post()
    assert again.status_code == 401 and "already opened" in again.text
    assert finish(cookieless.browser, page, cookieless.secret).status_code == 200
    assert count(session, ToolSession) == 1


@row(45)
def test_of_two_finishes_at_once_exactly_one_wins(cookieless: Attempt, session: Session):
    app, tries = cookieless.browser.client.application, 8
    data = launch_data(cookieless.post())
    message = {"handle": data["handle"], "secret": cookieless.secret, "stores": {}}
    together = Barrier(tries)

    def post(_number: int) -> int:
        together.wait()
        client = app.test_client(use_cookies=False)
        return client.post(data["finish_url"], base_url=TOOL, json=message).status_code

    with ThreadPoolExecutor(tries) as pool:
        statuses = sorted(pool.map(post, range(tries)))
    assert statuses == [200] + [401] * (tries - 1)
    assert count(session, ToolSession) == 1


def test_expired_logins_are_swept_up(browser: Browser, platform: Platform, session: Session):
    cookieless, kept = browser.begin(platform), browser.begin(platform)
    cookieless.keeps_cookie = False
    cookieless.post()
    session.get_one(LaunchState, cookieless.state).expires_at = now() - timedelta(seconds=1)
    session.commit()
    sweep(timestamp=0)
    assert session.scalars(select(LaunchState.state)).all() == [kept.state]
    assert count(session, PendingLaunch) == 0
