"""Access tokens: client credentials with a signed assertion (Security Framework 1.0 4.1.1)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from demo_lms import Platform
from demo_lms import vocabulary as lti
from demo_lms.tokens import compact
from tests.demo_lms.fake_tool import Clock, FakeTool, Service


def refused(client: FlaskClient, form: dict[str, str]) -> str:
    """The error code of a refusal, after seeing that it is one."""
    answer = client.post("/token", data=form)
    assert answer.status_code == 400, answer.text
    body = answer.get_json()
    assert "access_token" not in body and body["error_description"]
    return str(body["error"])


def test_a_good_assertion_gets_a_token(client: FlaskClient, tool: FakeTool) -> None:
    answer = client.post("/token", data=tool.token_form(lti.SCOPE_SCORE))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    assert len(body.pop("access_token")) >= 32
    assert body == {"token_type": "Bearer", "expires_in": 3600, "scope": lti.SCOPE_SCORE}


def test_known_scopes_are_granted_and_named(client: FlaskClient, tool: FakeTool) -> None:
    form = tool.token_form(lti.SCOPE_SCORE, "https://example.test/unknown", lti.SCOPE_SCORE)
    assert client.post("/token", data=form).get_json()["scope"] == lti.SCOPE_SCORE


@pytest.mark.parametrize("scope", ["", "https://example.test/unknown", "openid"])
def test_no_known_scope(client: FlaskClient, tool: FakeTool, scope: str) -> None:
    assert refused(client, tool.token_form() | {"scope": scope}) == "invalid_scope"


@pytest.mark.parametrize("grant", ["authorization_code", ""])
def test_another_grant(client: FlaskClient, tool: FakeTool, grant: str) -> None:
    form = tool.token_form() | {"grant_type": grant}
    assert refused(client, form) == "unsupported_grant_type"


def test_another_assertion_type(client: FlaskClient, tool: FakeTool) -> None:
    form = tool.token_form() | {"client_assertion_type": "password"}
    assert refused(client, form) == "invalid_request"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"sub": "somebody"},
        {"sub": None},
        {"aud": "http://127.0.0.1:8001"},
        {"aud": "https://other.example/token"},
        {"aud": ["https://other.example/token"]},
        {"aud": None},
        {"aud": 5},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": float("nan")},
        {"exp": None},
        {"exp": "later"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "j" * 256},
        {lti.DEPLOYMENT_ID: "other"},
    ],
)
def test_a_wrong_claim(client: FlaskClient, tool: FakeTool, change: dict[str, Any]) -> None:
    form = tool.token_form(assertion=tool.sign(tool.assertion_claims(**change)))
    assert refused(client, form) == "invalid_client"


@pytest.mark.parametrize(
    ("iat", "exp"), [(1, 60), (-60, 0), (-60, -1), (0, 301)], ids=["ahead", "now", "past", "long"]
)
def test_a_wrong_time(
    client: FlaskClient, tool: FakeTool, clock: Clock, iat: int, exp: int
) -> None:
    now = int(clock())
    claims = tool.assertion_claims(iat=now + iat, exp=now + exp)
    form = tool.token_form(assertion=tool.sign(claims))
    assert refused(client, form) == "invalid_client"


@pytest.mark.parametrize(
    "change",
    [
        {"aud": ["https://other.example", "http://127.0.0.1:8001/token"]},
        {lti.DEPLOYMENT_ID: "demo-1"},
        {"iat": 1_795_000_000.75},
    ],
)
def test_what_an_assertion_may_also_say(
    client: FlaskClient, tool: FakeTool, change: dict[str, Any]
) -> None:
    form = tool.token_form(assertion=tool.sign(tool.assertion_claims(**change)))
    assert client.post("/token", data=form).status_code == 200


def test_an_assertion_serves_once(client: FlaskClient, tool: FakeTool) -> None:
    form = tool.token_form()
    assert client.post("/token", data=form).status_code == 200
    assert refused(client, form) == "invalid_client"


def test_a_jti_stays_spent_as_long_as_its_assertion_lives(
    client: FlaskClient, tool: FakeTool, clock: Clock
) -> None:
    claims = tool.assertion_claims(exp=int(clock()) + 300)
    client.post("/token", data=tool.token_form(assertion=tool.sign(claims)))
    clock.now += 299
    form = tool.token_form(assertion=tool.sign(claims))
    assert "jti" in client.post("/token", data=form).get_json()["error_description"]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.e30"])
def test_no_assertion_at_all(client: FlaskClient, tool: FakeTool, token: str) -> None:
    form = tool.token_form() | {"client_assertion": token}
    assert refused(client, form) == "invalid_client"


def test_signatures_that_do_not_hold(
    client: FlaskClient, tool: FakeTool, other_key: RSAKey
) -> None:
    claims = tool.assertion_claims()
    good = tool.sign(claims)
    head, _, signature = good.split(".")
    payload = tool.sign(tool.assertion_claims()).split(".")[1]
    forged = [
        tool.sign(claims, key=other_key),
        tool.sign(claims, kid=None),
        tool.sign(claims, kid="unknown"),
        tool.sign(claims, alg="RS384"),
        tool.sign(claims, alg="PS256"),
        f"{head}.{payload}.{signature}",
        compact({"alg": "none", "kid": tool.keys[0].kid}, claims, lambda signed: b""),
        compact({"alg": "RS256", "kid": tool.keys[0].kid}, claims, lambda signed: b"forged"),
    ]
    for assertion in forged:
        assert refused(client, tool.token_form(assertion=assertion)) == "invalid_client"
    assert client.post("/token", data=tool.token_form(assertion=good)).status_code == 200


def test_the_key_set_is_kept_and_read_again_for_a_new_key(
    client: FlaskClient, tool: FakeTool, clock: Clock, other_key: RSAKey
) -> None:
    tool.access_token(client)
    tool.access_token(client)
    assert tool.fetched == 1
    tool.keys.insert(0, other_key)
    tool.access_token(client)
    assert tool.fetched == 2
    clock.now += 60
    tool.access_token(client)
    assert tool.fetched == 3


def test_a_key_set_that_cannot_be_read(client: FlaskClient, tool: FakeTool) -> None:
    tool.is_down = True
    assert refused(client, tool.token_form()) == "invalid_client"
    tool.is_down = False
    assert client.post("/token", data=tool.token_form()).status_code == 200


def test_tokens_are_stored_hashed(client: FlaskClient, tool: FakeTool, platform: Platform) -> None:
    token = tool.access_token(client)
    (row,) = platform.store.rows("SELECT * FROM access_tokens")
    assert token not in tuple(row)


def test_a_token_expires(
    client: FlaskClient, service: Service, platform: Platform, clock: Clock
) -> None:
    url = "/api/courses/demo-course/memberships"
    assert service.get(url).status_code == 200
    clock.now += platform.settings.access_token_lifetime
    answer = service.get(url)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi"])
def test_no_good_token(client: FlaskClient, header: str | None) -> None:
    headers = {"Authorization": header} if header is not None else {}
    answer = client.get("/api/courses/demo-course/memberships", headers=headers)
    assert answer.status_code == 401
