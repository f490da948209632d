"""The launch table: one fault in a valid launch, beside its valid twin, over HTTP.

Each: the stated status, no session, the reason in the log with the reference that the page
shows, and no claim on the page.
"""

import re
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.connections.switches import set_status
from demo_lms import Platform, tokens
from demo_lms import vocabulary as lti
from models import (
    Deployment,
    Institution,
    Registration,
    RegistrationStatus,
    ToolSession,
    User,
)
from tests.launch import lms
from tests.launch.faults import ROWS, Row
from tests.launch.lms import TOOL, Attempt, Browser, authentication_request, register
from tests.launch.table import row


def assert_status(answer: TestResponse, status: int) -> None:
    assert answer.status_code == status, answer.text


def count(session: Session, kind: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(kind)) or 0


def begin(browser: Browser, platform: Platform, row: Row) -> Attempt:
    if row.deep_linking:
        return browser.begin_deep_linking(platform, row.person)
    return browser.begin(platform, row.person)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_bad_launch_is_refused(
    row: Row,
    browser: Browser,
    platform: Platform,
    session: Session,
    caplog: pytest.LogCaptureFixture,
):
    assert_status(begin(browser, platform, row).post(), 303)  # the valid twin
    bad = begin(browser, platform, row)
    row.change(bad)
    before = count(session, ToolSession)
    caplog.clear()

    answer = bad.post()

    assert_status(answer, row.status)
    assert "Set-Cookie" not in answer.headers
    assert count(session, ToolSession) == before
    assert_logged(caplog, answer, row.reason)
    assert_says_nothing(answer, bad)


def assert_logged(caplog: pytest.LogCaptureFixture, answer: TestResponse, reason: str) -> None:
    """The page's reference leads to the line with the reason."""
    shown = re.search(r"data-error-reference>([0-9a-f]+)<", answer.text)
    assert shown, answer.text
    lines = [one.getMessage() for one in caplog.records if shown[1] in one.getMessage()]
    assert len(lines) == 1
    assert reason in lines[0]
    assert "eyJ" not in caplog.text, "a token was logged"


def assert_says_nothing(answer: TestResponse, attempt: Attempt) -> None:
    """Neither claims nor markup of theirs on the page."""
    known = ["iss", "sub", "nonce", "email", "given_name", "family_name"]
    said = [attempt.claims.get(name) for name in known]
    for text in [*said, attempt.state, "<script>alert", "made-up", "attacker"]:
        if isinstance(text, str) and len(text) > 2:
            assert text not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@row(6)
def test_another_algorithm_of_the_same_kid_is_refused(
    browser: Browser, platform: Platform, caplog: pytest.LogCaptureFixture
):
    """ES256, under the kid of the platform's RSA key."""
    bad = browser.begin(platform)
    bad.header["alg"] = "ES256"
    bad.key = ECKey.generate_key("P-256")  # type: ignore[assignment]
    assert_status(bad.post(), 401)
    assert "alg is 'ES256'" in caplog.text


@row(26)
def test_state_of_one_platform_with_a_token_of_another(
    browser: Browser,
    platform: Platform,
    other_platform: Platform,
    session: Session,
    caplog: pytest.LogCaptureFixture,
):
    assert_status(browser.launch(other_platform), 303)
    mine, theirs = browser.begin(platform), browser.begin(other_platform)
    mine.token = theirs.id_token()
    assert_status(mine.post(), 401)
    assert "Unable to find public key" in caplog.text

    theirs.claims["nonce"] = mine.params["nonce"]  # even with the key of the right platform …
    mine.token = tokens.sign(platform, theirs.claims)  # … its issuer is another
    assert_status(mine.post(), 401)
    assert "iss is" in caplog.text
    assert count(session, ToolSession) == 1


@row(44)
def test_beta_and_production_are_two(
    browser: Browser, platform: Platform, session: Session, caplog: pytest.LogCaptureFixture
):
    """Both are registered, and both sign with the same key: neither's token opens the other."""
    production = "https://canvas.instructure.com"
    beta = "https://canvas.beta.instructure.com"
    for issuer in (production, beta):
        register(session, platform, issuer=issuer, client_id="10000000000042")
    for begun, signed in ((production, beta), (beta, production)):
        attempt = browser.begin(platform)
        page = browser.open("/lti/login", method="POST", data={
            "iss": begun, "client_id": "10000000000042", "login_hint": "1",
            "target_link_uri": f"{TOOL}/lti/launch",
        })  # fmt: skip
        asked = authentication_request(page)
        attempt.form["state"] = asked["state"]
        attempt.claims |= {"iss": signed, "nonce": asked["nonce"]}
        attempt.claims |= {"aud": asked["client_id"], "azp": asked["client_id"]}
        assert_status(attempt.post(), 401)
        assert f"iss is {signed!r}" in caplog.text
    assert count(session, ToolSession) == 0


@row(41)
def test_a_new_deployment_of_a_school_that_is_switched_off(
    browser: Browser, platform: Platform, session: Session
):
    """Also where it is approved already and only its school is not."""
    bad = browser.begin(platform)
    bad.claims[lti.DEPLOYMENT_ID] = "school-2"
    assert_status(bad.post(), 403)
    deployment = session.scalars(
        select(Deployment).where(Deployment.lti_deployment_id == "school-2")
    ).one()
    school = Institution(name="Lakeside", is_active=False)
    session.add(school)
    session.flush()
    deployment.institution_id = school.institution_id
    deployment.status = RegistrationStatus.ACTIVE
    session.commit()

    refused = browser.begin(platform)
    refused.claims[lti.DEPLOYMENT_ID] = "school-2"
    answer = refused.post()
    assert_status(answer, 403)
    assert "switched off for your school" in answer.text

    school.is_active = True
    session.commit()
    good = browser.begin(platform)
    good.claims[lti.DEPLOYMENT_ID] = "school-2"
    assert_status(good.post(), 303)


@row(2)
@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("login_required", "Log in there"),
        ("interaction_required", "Log in there"),
        ("access_denied", "somebody else is logged in"),
        ("launch_no_longer_valid", "clicking twice"),
        ("unauthorized_client", "people who look after your course system"),
        ("invalid_request_object", "people who look after your course system"),
        ("invalid_scope", "people who look after your course system"),
        ("temporarily_unavailable", "wait a few minutes"),
        ("server_error", "wait a few minutes"),
        ("made_up_by_this_lms", "open the link in your course again"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_platform_that_signs_nobody_in(
    known: bool,
    code: str,
    advice: str,
    browser: Browser,
    platform: Platform,
    session: Session,
    caplog: pytest.LogCaptureFixture,
):
    """Each code has its own advice; the log says what the platform said, and which it was."""
    attempt = browser.begin(platform)
    state = attempt.state if known else "a\x00made-up"
    form = {"error": code, "error_description": "<b>Sorry</b>", "state": state}
    answer = browser.open("/lti/launch", method="POST", data=form)
    assert_status(answer, 400)
    assert advice in answer.text and "Sorry" not in answer.text
    registration = session.scalars(select(Registration.registration_id)).one()
    assert_logged(caplog, answer, f"platform error {code!r}: '<b>Sorry</b>'")
    assert_logged(caplog, answer, f"registration {registration if known else None}")
    assert count(session, ToolSession) == 0


@row(30)
def test_unknown_deployment_is_kept_for_approval(
    browser: Browser, platform: Platform, session: Session
):
    """Pending once, and in once it is approved."""
    for _ in range(2):
        bad = browser.begin(platform)
        bad.claims[lti.DEPLOYMENT_ID] = "school-2"
        answer = bad.post()
        assert_status(answer, 403)
        assert "<h1>Waiting for approval</h1>" in answer.text
    pending = session.scalars(
        select(Deployment).where(Deployment.lti_deployment_id == "school-2")
    ).one()
    assert pending.status is RegistrationStatus.PENDING

    set_status(session, pending.deployment_id, RegistrationStatus.ACTIVE)
    session.commit()
    good = browser.begin(platform)
    good.claims[lti.DEPLOYMENT_ID] = "school-2"
    assert_status(good.post(), 303)


def test_nothing_of_a_refused_launch_stays(browser: Browser, platform: Platform, session: Session):
    bad = browser.begin(platform)
    bad.claims["aud"] = "somebody"
    assert_status(bad.post(), 401)
    assert count(session, ToolSession) == 0
    assert session.scalars(select(User.sso_id)).all() == ["system"]


ODD_HEADERS: list[dict[str, Any]] = [
    *({"kid": odd} for odd in (5, True, [], {}, "", "a\x00b", "x" * 20_000)),
    *({"alg": odd} for odd in (["RS256"], {}, None, 5, "rs256")),
    {"crit": ["x"]},
    {"b64": False, "crit": ["b64"]},
]


@pytest.mark.parametrize("odd", ODD_HEADERS, ids=lambda odd: str(odd)[:30])
@row(7)
def test_a_header_that_no_library_writes_is_refused(
    odd: dict[str, Any], browser: Browser, platform: Platform
) -> None:
    """The signature is genuine: nothing but the header is odd."""
    attempt = browser.begin(platform)
    attempt.token = lms.signed_by_hand(platform, attempt.claims, **odd)
    assert_status(attempt.post(), 401)
