"""Launch: login initiation, authentication request, answer (Security Framework 1.0 section 5.1)."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from demo_lms import Platform, oidc, persons
from demo_lms import vocabulary as lti
from demo_lms.links import Link
from tests.demo_lms.fake_tool import Clock

LAUNCH = "http://localhost:8000/lti/launch"


def form_of(answer: TestResponse) -> tuple[str, dict[str, str]]:
    """Action and hidden fields of the form in a page."""
    action = re.search(r'<form action="([^"]*)"', answer.text)
    assert action, answer.text
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.text)
    return unescape(action[1]), {name: unescape(value) for name, value in fields}


def request_of(login: dict[str, str], **changes: str | None) -> dict[str, str]:
    """The authentication request that an honest tool makes of a login initiation."""
    params: dict[str, str | None] = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": login["client_id"],
        "redirect_uri": LAUNCH,
        "login_hint": login["login_hint"],
        "lti_message_hint": login["lti_message_hint"],
        "state": "state-1",
        "nonce": "nonce-1",
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


def claims_of(client: FlaskClient, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(client.get("/jwks").get_json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


@pytest.fixture
def login(be: Any) -> dict[str, str]:
    """What the frame posts to the tool when the first student opens the first link."""
    answer = be("student-1").get("/links/course-tutor/launch")
    action, fields = form_of(answer)
    assert action == "http://localhost:8000/lti/login"
    return fields


def test_login_initiation_holds_what_the_specification_wants(login: dict[str, str]) -> None:
    assert login.pop("lti_message_hint")
    assert login == {
        "iss": "http://127.0.0.1:8001",
        "login_hint": persons.get("student-1").subject,
        "target_link_uri": LAUNCH,
        "client_id": "coursellm-demo",
        "lti_deployment_id": "demo-1",
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_good_request_gets_an_id_token(
    client: FlaskClient, login: dict[str, str], method: str
) -> None:
    params = request_of(login)
    where: dict[str, Any] = {"query_string": params} if method == "GET" else {"data": params}
    answer = client.open("/auth", method=method, **where)
    assert answer.headers["Cache-Control"] == "no-store"
    action, fields = form_of(answer)
    assert action == LAUNCH
    assert fields["state"] == "state-1"
    claims = claims_of(client, fields["id_token"])
    assert claims["nonce"] == "nonce-1"
    assert claims["sub"] == persons.get("student-1").subject


def test_state_is_given_back_unchanged_or_left_out(
    client: FlaskClient, login: dict[str, str]
) -> None:
    odd = "a&b \"'<c>é"
    _, fields = form_of(client.get("/auth", query_string=request_of(login, state=odd, nonce=None)))
    assert fields["state"] == odd
    _, fields = form_of(client.get("/auth", query_string=request_of(login, state=None)))
    assert "state" not in fields and "id_token" in fields


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scope": None}, "invalid_scope"),
        ({"scope": "openid email"}, "invalid_scope"),
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"response_mode": None}, "invalid_request"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"prompt": None}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"nonce": "n" * 256}, "invalid_request"),
        ({"client_id": "somebody-else"}, "unauthorized_client"),
        ({"client_id": None}, "unauthorized_client"),
        ({"login_hint": "5"}, "access_denied"),
        ({"login_hint": persons.get("student-2").subject}, "access_denied"),
        ({"login_hint": None}, "access_denied"),
        ({"lti_message_hint": None}, "launch_no_longer_valid"),
        ({"lti_message_hint": "made-up"}, "launch_no_longer_valid"),
    ],
)
def test_an_error_is_posted_to_the_tool(
    client: FlaskClient, login: dict[str, str], change: dict[str, str | None], code: str
) -> None:
    action, fields = form_of(client.get("/auth", query_string=request_of(login, **change)))
    assert action == LAUNCH
    assert fields["error"] == code
    assert fields["error_description"] and fields["state"] == "state-1"
    assert "id_token" not in fields


@pytest.mark.parametrize(
    "redirect_uri",
    [None, "", "https://evil.example/lti/launch", LAUNCH + "?x=1", LAUNCH + "/", LAUNCH.upper()],
)
def test_an_unknown_redirect_uri_gets_nothing(
    client: FlaskClient, login: dict[str, str], redirect_uri: str | None
) -> None:
    answer = client.get("/auth", query_string=request_of(login, redirect_uri=redirect_uri))
    assert answer.status_code == 400
    assert "<form" not in answer.text and "evil" not in answer.text


def test_a_parameter_sent_twice_is_refused(client: FlaskClient, login: dict[str, str]) -> None:
    pairs = [*request_of(login).items(), ("nonce", "nonce-2")]
    assert client.get("/auth", query_string=pairs).status_code == 400


def test_a_hint_serves_once(client: FlaskClient, login: dict[str, str]) -> None:
    client.get("/auth", query_string=request_of(login))
    _, fields = form_of(client.get("/auth", query_string=request_of(login, nonce="nonce-2")))
    assert fields["error"] == "launch_no_longer_valid"


def test_a_refused_request_does_not_spend_the_hint(
    client: FlaskClient, login: dict[str, str]
) -> None:
    client.get("/auth", query_string=request_of(login, prompt=None))
    _, fields = form_of(client.get("/auth", query_string=request_of(login)))
    assert "id_token" in fields


def test_a_hint_lives_five_minutes(
    client: FlaskClient, login: dict[str, str], clock: Clock
) -> None:
    clock.now += 301
    _, fields = form_of(client.get("/auth", query_string=request_of(login)))
    assert fields["error"] == "launch_no_longer_valid"


def test_a_hint_belongs_to_its_person(client: FlaskClient, login: dict[str, str], be: Any) -> None:
    other = persons.get("student-2")
    params = request_of(login, login_hint=other.subject)
    _, fields = form_of(be(other.id).get("/auth", query_string=params))
    assert fields["error"] == "launch_no_longer_valid"


def test_a_link_deleted_meanwhile_is_no_launch(
    client: FlaskClient, login: dict[str, str], be: Any
) -> None:
    be("teacher").post("/links/course-tutor/delete")
    _, fields = form_of(be("student-1").get("/auth", query_string=request_of(login)))
    assert fields["error"] == "launch_no_longer_valid"


def test_without_the_cookie_the_request_is_posted_again_from_here(
    client: FlaskClient, login: dict[str, str]
) -> None:
    client.delete_cookie("demo_lms_person", domain="127.0.0.1")
    params = request_of(login)
    action, again = form_of(client.get("/auth", query_string=params))
    assert action == "/auth" and again == params | {"repost": "1"}
    _, fields = form_of(client.post("/auth", data=again))
    assert fields["error"] == "login_required"


def test_the_flow_runs_without_http(platform: Platform, link: Link) -> None:
    person = persons.get("ta")
    login = oidc.login_request(platform, person, link)
    answer = oidc.authorize(platform, request_of(login.fields), person)
    assert answer.action == LAUNCH
    assert set(answer.fields) == {"id_token", "state"}
    again = oidc.login_request(platform, person, link)
    claims = oidc.authorized_claims(platform, request_of(again.fields), person)
    assert claims[lti.RESOURCE_LINK]["id"] == link.id
