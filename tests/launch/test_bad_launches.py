"""The launch table: one fault in a valid launch, beside its valid twin, over HTTP.

Each: the stated status, no session, the reason in the log with the reference that the page
shows, and no claim on the page.
"""

import re

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from demo_lms import Platform, faults, tokens
from demo_lms import vocabulary as lti
from lti_config.registrations import set_status
from models import Deployment, RegistrationStatus, ToolSession, User
from tests.launch.faults import ROWS, Row
from tests.launch.lms import Attempt, Browser


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


def test_another_algorithm_of_the_same_kid_is_refused(
    browser: Browser, platform: Platform, caplog: pytest.LogCaptureFixture
):
    """Row 6: ES256, under the kid of the platform's RSA key."""
    bad = browser.begin(platform)
    bad.header["alg"] = "ES256"
    bad.key = ECKey.generate_key("P-256")  # type: ignore[assignment]
    assert_status(bad.post(), 401)
    assert "alg is 'ES256'" in caplog.text


def test_state_of_one_platform_with_a_token_of_another(
    browser: Browser,
    platform: Platform,
    other_platform: Platform,
    session: Session,
    caplog: pytest.LogCaptureFixture,
):
    """Row 26."""
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


def test_unknown_deployment_is_kept_for_approval(
    browser: Browser, platform: Platform, session: Session
):
    """Row 30: pending once, and in once it is approved."""
    for _ in range(2):
        bad = browser.begin(platform)
        bad.claims[lti.DEPLOYMENT_ID] = "school-2"
        answer = bad.post()
        assert_status(answer, 403)
        assert "administrator" in answer.text
    pending = session.scalars(
        select(Deployment).where(Deployment.lti_deployment_id == "school-2")
    ).one()
    assert pending.status is RegistrationStatus.PENDING

    set_status(session, pending.deployment_id, RegistrationStatus.ACTIVE)
    session.commit()
    good = browser.begin(platform)
    good.claims[lti.DEPLOYMENT_ID] = "school-2"
    assert_status(good.post(), 303)


def test_an_lms_whose_keys_cannot_be_had(
    browser: Browser, platform: Platform, session: Session, caplog: pytest.LogCaptureFixture
):
    """Row 42: try again; and the same sign-in still opens then."""
    attempt = browser.begin(platform)
    try:
        faults.set_faults(platform.store, jwks_down=True)
        answer = attempt.post()
    finally:
        faults.clear_faults(platform.store)
    assert_status(answer, 503)
    assert "again in a minute" in answer.text
    assert_logged(caplog, answer, "key set")
    assert count(session, ToolSession) == 0
    assert_status(attempt.post(), 303)


def test_nothing_of_a_refused_launch_stays(browser: Browser, platform: Platform, session: Session):
    bad = browser.begin(platform)
    bad.claims["aud"] = "somebody"
    assert_status(bad.post(), 401)
    assert count(session, ToolSession) == 0
    assert session.scalars(select(User.sso_id)).all() == ["system"]
