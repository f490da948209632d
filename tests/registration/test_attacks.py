"""Attacks on dynamic registration: each is refused, with nothing fetched or kept."""

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from app.connections import invitations
from app.registration import registering
from lti_config import discovery
from lti_config.addresses import TrustedHosts
from lti_config.errors import RegistrationRefused
from lti_config.http import MOST_BYTES
from models import Invitation, Platform, RateCounter, Registration, now
from tests.registration.conftest import PLATFORM, TOKEN, Administrator, Lms, offer_in

SCRIPT = "<script>alert(1)</script>"
PROD = "https://canvas.instructure.com"
SSO = "https://sso.canvaslms.com"


def nothing_kept(session: Session) -> bool:
    session.expire_all()
    invitation = session.scalars(select(Invitation)).one()
    return not session.scalars(select(Registration)).all() and invitation.spent_at is None


# Without an open invitation nothing is fetched


@pytest.mark.parametrize("code", [None, "", "forged", "x" * 5000, "ä\x00"])
def test_no_or_a_forged_invitation(code: str | None, administrator: Administrator, lms: Lms):
    refused = administrator.look(lms, invite=code)
    assert refused.status_code == 404 and "not an invitation" in refused.text
    assert lms.peer.asked == []


def test_an_invitation_that_has_run_out(administrator: Administrator, lms: Lms, session: Session):
    session.get_one(Invitation, administrator.invitation.invitation_id).expires_at = (
        now() - timedelta(seconds=1)
    )
    session.commit()
    refused = administrator.look(lms)
    assert refused.status_code == 410 and "run out" in refused.text
    assert lms.peer.asked == []


def test_an_invitation_that_runs_out_before_it_is_confirmed(
    administrator: Administrator, lms: Lms, session: Session
):
    page = administrator.look(lms)
    invitations.revoke(session, administrator.invitation.invitation_id)
    session.commit()
    assert administrator.confirm(page).status_code == 409
    assert lms.bodies == [] and nothing_kept(session)


def test_a_spent_invitation_opens_nothing(administrator: Administrator, lms: Lms, session: Session):
    assert administrator.confirm(administrator.look(lms)).status_code == 200
    asked = len(lms.peer.asked)
    refused = administrator.look(lms)
    assert refused.status_code == 410 and "used already" in refused.text
    assert len(lms.peer.asked) == asked


def test_a_page_from_before_cannot_connect_another_lms(
    administrator: Administrator, lms: Lms, session: Session
):
    """Two pages of one invitation, of two issuers: the second is too late."""
    first = administrator.look(lms)
    url = lms.peer.url.replace("127.0.0.1", "localhost")
    lms.configuration = {
        name: value.replace(lms.peer.url, url) if isinstance(value, str) else value
        for name, value in lms.configuration.items()
    }
    second = administrator.look(lms, openid_configuration=f"{url}/openid-configuration")
    assert administrator.confirm(second).status_code == 200
    refused = administrator.confirm(first)
    assert refused.status_code == 409
    assert len(lms.bodies) == 1
    assert session.scalars(select(Registration.issuer)).all() == [url]


def test_many_tries_in_an_hour(
    administrator: Administrator, lms: Lms, session: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(invitations, "MOST_LOOKS", 2)
    monkeypatch.setattr(invitations, "now", lambda: datetime(2026, 11, 26, 9, 30, tzinfo=UTC))
    session.get_one(Invitation, administrator.invitation.invitation_id).expires_at = datetime(
        2026, 12, 1, tzinfo=UTC
    )
    session.commit()
    statuses = [administrator.look(lms).status_code for _ in range(3)]
    assert statuses == [200, 200, 429] and len(lms.peer.asked) == 2
    monkeypatch.setattr(invitations, "now", lambda: datetime(2026, 11, 26, 10, 1, tzinfo=UTC))
    assert administrator.look(lms).status_code == 200
    for minute, hours in ((0, [10]), (1, [])):
        moment = datetime(2026, 11, 26, 12, minute, tzinfo=UTC)
        monkeypatch.setattr(invitations, "now", lambda moment=moment: moment)
        invitations.delete_old_counts(session)
        kept = session.scalars(select(RateCounter.window_start)).all()
        assert [one.astimezone(UTC).hour for one in kept] == hours


# Where we are sent


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "file:///etc/passwd",
        "ftp://lms.example/x",
        "http://lms.example/openid-configuration",
        "https://user:pass@lms.example/x",
        "https://127.0.0.2/x",
        "https://[::1]/x",
        "https://10.0.0.1/x",
        "https://192.168.1.1/x",
        "https://100.64.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/x",
        "https://[fd00:ec2::254]/latest",
        "https://[::ffff:169.254.169.254]/x",
        "https://0.0.0.0/x",
        "https://2130706434/x",
        "https://0x7f.0.0.2/x",
    ],
)
def test_addresses_that_are_not_asked(
    address: str,
    administrator: Administrator,
    lms: Lms,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
):
    connected: list[Any] = []
    monkeypatch.setattr("lti_config.http.create_connection", lambda *a, **k: connected.append(a))
    refused = administrator.look(lms, openid_configuration=address)
    assert refused.status_code == 400 and "could not be reached" in refused.text
    assert connected == [] and lms.peer.asked == [] and nothing_kept(session)


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "fe80::1"])
def test_a_name_that_leads_inside(
    inside: str,
    administrator: Administrator,
    lms: Lms,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
):
    config.install(replace(config.current(), trusted_private_hosts=()))
    real, connected = socket.getaddrinfo, []

    def resolve(host: str, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "lms.example":
            return real(host, port, *args, **kwargs)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.216.34", inside)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr("lti_config.http.create_connection", lambda *a, **k: connected.append(a))
    refused = administrator.look(lms, openid_configuration="https://lms.example/c")
    assert refused.status_code == 400 and connected == [] and nothing_kept(session)


def test_loopback_unless_it_is_listed(administrator: Administrator, lms: Lms):
    config.install(replace(config.current(), trusted_private_hosts=()))
    assert administrator.look(lms).status_code == 400
    assert lms.peer.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        (302, {"Location": "http://169.254.169.254/"}, b""),
        (200, {"Content-Type": "text/html"}, b"<html>a page</html>"),
        (200, {"Content-Type": "text/html"}, b"{}"),
        (200, {}, b"{}"),
        (200, {"Content-Type": "application/json"}, b"not JSON"),
        (200, {"Content-Type": "application/json"}, b"[" * 5000),
        (200, {"Content-Type": "application/json"}, b"[]"),
        (200, {"Content-Type": "application/json"}, b" " * (MOST_BYTES + 1)),
        (404, {"Content-Type": "application/json"}, b"{}"),
    ],
    ids=["redirect", "page", "as-page", "no-type", "no-json", "deep", "list", "huge", "404"],
)
def test_answers_that_are_no_configuration(
    answer: Any, administrator: Administrator, lms: Lms, session: Session
):
    lms.configuration_answer = answer
    refused = administrator.look(lms)
    assert refused.status_code == 400 and "no proper answer" in refused.text
    assert len(lms.peer.asked) == 1 and nothing_kept(session)


def test_an_lms_that_does_not_answer(
    administrator: Administrator, lms: Lms, session: Session, monkeypatch: pytest.MonkeyPatch
):
    """What comes after the five seconds would do, and is not waited for."""
    monkeypatch.setattr(discovery, "READ_SECONDS", 0.2)
    answer = lms.peer.answer
    lms.peer.answer = lambda asked: time.sleep(1.5) or answer(asked)
    assert administrator.look(lms).status_code == 400
    assert nothing_kept(session)


def test_what_is_posted_stays_small(administrator: Administrator, lms: Lms, session: Session):
    assert administrator.post("x" * 300_000).status_code == 413
    assert lms.peer.asked == [] and nothing_kept(session)


# Whose word it is


def _without(name: str) -> Callable[[dict[str, Any], str], None]:
    return lambda document, _url: document.pop(name)


def _elsewhere(name: str) -> Callable[[dict[str, Any], str], None]:
    """The same port under another name: another origin."""
    return lambda document, url: document.update(
        {name: f"{url.replace('127.0.0.1', 'localhost')}/x"}
    )


def _set(name: str, value: object) -> Callable[[dict[str, Any], str], None]:
    return lambda document, _url: document.update({name: value})


ADDRESSES = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "registration_endpoint",
)


@pytest.mark.parametrize(
    "change",
    [
        *(_without(name) for name in ADDRESSES),
        *(_elsewhere(name) for name in (*ADDRESSES, "authorization_server")),
        *(_set(name, value) for name in ADDRESSES for value in (7, "", "javascript:alert(1)")),
        _set("issuer", PROD),
        _set("issuer", f"{PROD}/"),
        _set("issuer", "https://Canvas.Instructure.com"),
        _set("issuer", "https://canvas.beta.instructure.com"),
        _set("token_endpoint", "https://victim.example/mod/lti/token.php"),
        _set("authorization_server", "https://victim.example/mod/lti/token.php"),
        _set("authorization_server", ["x"]),
        _set("registration_endpoint", "https://169.254.169.254/register"),
        _set("jwks_uri", "https://10.0.0.1/jwks"),
        _set("id_token_signing_alg_values_supported", ["none", "HS256"]),
        _set("token_endpoint_auth_methods_supported", ["client_secret_basic"]),
        _set("response_types_supported", ["code"]),
    ],
)
def test_configurations_that_are_refused(
    change: Callable[[dict[str, Any], str], None],
    administrator: Administrator,
    lms: Lms,
    session: Session,
):
    change(lms.configuration, lms.peer.url)
    refused = administrator.look(lms)
    assert refused.status_code == 400, refused.text
    assert "Nothing was registered" in refused.text
    assert len(lms.peer.asked) == 1, "only the configuration itself was asked for"
    assert nothing_kept(session) and session.scalars(select(Platform)).all() == []


def _hosted(**given: str) -> dict[str, Any]:
    return {
        "issuer": PROD,
        "authorization_endpoint": f"{SSO}/api/lti/authorize_redirect",
        "token_endpoint": f"{SSO}/login/oauth2/token",
        "jwks_uri": f"{SSO}/api/lti/security/jwks",
        "registration_endpoint": "https://lakeside.instructure.com/api/lti/registrations",
        "authorization_server": "sso.canvaslms.com",
        PLATFORM: {"product_family_code": "canvas"},
        **given,
    }


GENUINE = f"{PROD}/api/lti/security/openid-configuration?registration_token=x"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"jwks_uri": f"{PROD}/login/oauth2/jwks"},
        {"authorization_endpoint": f"{PROD}/api/lti/authorize_redirect"},
        {"token_endpoint": "https://lakeside.instructure.com/login/oauth2/token"},
        {"registration_endpoint": "https://canvas.lakeside.example/api/lti/registrations"},
    ],
)
def test_the_hosted_canvas_itself(given: dict[str, str]):
    found = discovery.read(_hosted(**given), GENUINE, TrustedHosts())
    assert found.issuer == PROD and found.auth_audience is None
    assert "https://*.instructure.com" in found.frame_sources


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("https://attacker.example/api/lti/security/openid-configuration", {}),
        ("https://attacker.instructure.com/api/lti/security/openid-configuration", {}),
        (f"{PROD}/courses/1/files/2/openid-configuration", {}),
        ("https://canvas.beta.instructure.com/api/lti/security/openid-configuration", {}),
        (GENUINE, {"jwks_uri": "https://attacker.example/api/lti/security/jwks"}),
        (GENUINE, {"jwks_uri": f"{PROD}/courses/1/files/2"}),
        (GENUINE, {"jwks_uri": "https://sso.beta.canvaslms.com/api/lti/security/jwks"}),
        (
            GENUINE,
            {"authorization_endpoint": "https://attacker.example/api/lti/authorize_redirect"},
        ),
        (GENUINE, {"token_endpoint": "https://attacker.example/login/oauth2/token"}),
        (GENUINE, {"token_endpoint": "https://attackerinstructure.com/login/oauth2/token"}),
        (GENUINE, {"registration_endpoint": "https://lakeside.instructure.com/elsewhere"}),
    ],
)
def test_squatting_on_the_hosted_canvas(url: str, given: dict[str, str]):
    with pytest.raises(RegistrationRefused) as refused:
        discovery.read(_hosted(**given), url, TrustedHosts())
    assert "lti_iss" in refused.value.sentence


# What travels with the form


def test_an_offer_of_our_own_making_only(
    administrator: Administrator, lms: Lms, session: Session, monkeypatch: pytest.MonkeyPatch
):
    offer = offer_in(administrator.look(lms))
    middle = len(offer) // 2
    forged = offer[:middle] + ("A" if offer[middle] != "A" else "B") + offer[middle + 1 :]
    for text in ("", "x", "ä", "\x00", forged):
        refused = administrator.post(text)
        assert refused.status_code == 400 and "run out" in refused.text
    monkeypatch.setattr(registering, "now", lambda: now() + registering.LIFE + timedelta(seconds=9))
    assert administrator.post(offer).status_code == 400
    assert lms.bodies == [] and nothing_kept(session)


def test_what_is_sealed_for_something_else_is_no_offer(
    app: Flask, administrator: Administrator, lms: Lms
):
    from lti_config.sealing import seal

    other = seal(config.current().secret_keys, b'{"for": "else"}').decode()
    assert administrator.post(other).status_code == 400
    assert lms.peer.asked == []


def test_the_token_is_echoed_nowhere(
    administrator: Administrator, lms: Lms, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    lms.needs_token = True
    page = administrator.look(lms)
    shown = [page.text]
    lms.refusal = (400, {"Content-Type": "text/plain"}, f"bad token {TOKEN}".encode())
    shown.append(administrator.confirm(page).text)
    for url in (
        f"{lms.configuration_url}?registration_token={TOKEN}",
        f"http://127.0.0.1:1/x?registration_token={TOKEN}",
        f"http://lms.example/x?registration_token={TOKEN}",
    ):
        lms.refusal = None
        shown.append(administrator.look(lms, openid_configuration=url).text)
    shown.append(administrator.look(lms, registration_token=f"{TOKEN}\n").text)
    shown.append(administrator.confirm(administrator.look(lms)).text)
    for text in shown:
        assert TOKEN not in text and "secret-of-the-lms" not in text
    ours = "\n".join(
        one.getMessage() for one in caplog.records if not one.name.startswith("urllib3")
    )
    assert "refused" in ours and "secret-of-the-lms" not in ours


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "é", "\ud83d", "x" * 20_000])
def test_a_token_that_is_none(token: str, administrator: Administrator, lms: Lms):
    given = token.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    refused = administrator.look(lms, registration_token=given)
    assert refused.status_code == 400 and lms.peer.asked == []


def test_script_in_names_is_text(administrator: Administrator, lms: Lms, session: Session):
    lms.configuration[PLATFORM] |= {
        "product_family_code": SCRIPT,
        "https://canvas.instructure.com/lti/account_name": f"{SCRIPT}\u202e\x00",
    }
    page = administrator.look(lms)
    done = administrator.confirm(page)
    assert page.status_code == done.status_code == 200
    for answer in (page, done):
        assert SCRIPT not in answer.text and "&lt;script&gt;alert(1)" in answer.text
    assert session.scalars(select(Registration.name)).one() == SCRIPT


def test_script_in_a_refusal_is_not_shown(administrator: Administrator, lms: Lms):
    page = administrator.look(lms)
    lms.refusal = (400, {"Content-Type": "text/html"}, SCRIPT.encode())
    assert "alert(1)" not in administrator.confirm(page).text


def test_nobody_else_may_frame_the_page(administrator: Administrator, lms: Lms):
    policy = administrator.look(lms).headers["Content-Security-Policy"]
    framers = policy.partition("frame-ancestors ")[2].split(";")[0].split()
    assert framers == ["'self'", lms.peer.url]
