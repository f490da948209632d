"""Tools that register themselves, as in Canvas and as in Moodle: what is given, what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from werkzeug.test import TestResponse

from demo_lms import Platform, oidc, persons, registration, tokens, tools
from demo_lms import vocabulary as lti
from demo_lms.links import Link
from demo_lms.manners import CANVAS, MANNERS, MOODLE
from demo_lms.registration import TOOL
from tests.demo_lms.fake_tool import Clock

KEYS = "https://canvas.instructure.com/lti/"


def body(platform: Platform, manner: str, **changes: Any) -> dict[str, Any]:
    """What an honest tool sends; a change of None leaves the field out."""
    settings = platform.settings
    about = {
        "domain": "localhost:8000",
        "target_link_uri": settings.tool_launch_url,
        "claims": ["sub", "name", "email"],
        "custom_parameters": {"where": "$Context.id"},
        "messages": [{"type": lti.DEEP_LINKING_REQUEST, "placements": ["ContentArea"]}],
    }
    if manner == CANVAS:
        about["messages"] = [{"type": lti.DEEP_LINKING_REQUEST}]
        about[KEYS + "privacy_level"] = "public"
    asked = {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": settings.tool_login_url,
        "redirect_uris": [settings.tool_launch_url],
        "client_name": "A tool",
        "jwks_uri": settings.tool_jwks_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": lti.SCOPE_SCORE,
        TOOL: about | changes.pop("about", {}),
        **changes,
    }
    return {name: value for name, value in asked.items() if value is not None}


def post(client: FlaskClient, manner: str, token: str | None, asked: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post(f"/registration/{manner}/tools", json=asked, headers=headers)


def test_what_canvas_says_needs_the_token(platform: Platform, client: FlaskClient) -> None:
    path = f"/registration/{CANVAS}/openid-configuration"
    assert client.get(path).status_code == 401
    token = registration.open_token(platform, CANVAS)
    said = client.get(path, headers={"Authorization": f"Bearer {token}"}).get_json()
    assert said["issuer"] == platform.settings.issuer
    assert said["authorization_server"] == platform.settings.netloc
    assert said[registration.PLATFORM]["product_family_code"] == "canvas"


def test_what_moodle_says_needs_none(platform: Platform, client: FlaskClient) -> None:
    said = client.get(f"/registration/{MOODLE}/openid-configuration").get_json()
    assert said["registration_endpoint"].endswith("/registration/moodle/tools")
    assert client.get("/registration/sakai/openid-configuration").status_code == 404


def test_moodles_token_is_signed_and_works_once(platform: Platform, client: FlaskClient) -> None:
    token = registration.open_token(platform, MOODLE)
    claims = jwt.decode(token, platform.key, algorithms=["RS256"]).claims
    assert claims["scope"] == "reg" and claims["exp"] - claims["iat"] == 3600
    given = post(client, MOODLE, token, body(platform, MOODLE)).get_json()
    assert given["client_id"] == claims["sub"] and given[TOOL]["deployment_id"] == "2"
    again = post(client, MOODLE, token, body(platform, MOODLE))
    assert (again.status_code, again.text) == (401, "token_already_used")
    assert again.content_type == "text/html; charset=utf-8"


def test_canvas_says_nothing_of_a_deployment(platform: Platform, client: FlaskClient) -> None:
    token = registration.open_token(platform, CANVAS)
    given = post(client, CANVAS, token, body(platform, CANVAS)).get_json()
    assert "deployment_id" not in given[TOOL]
    tool = tools.get(platform, given["client_id"])
    assert not tool.is_active and tool.deployment_id is None
    tools.switch_on(platform, tool.client_id)
    assert ":" in (tools.get(platform, tool.client_id).deployment_id or "")


@pytest.mark.parametrize("manner", MANNERS)
def test_no_good_token(manner: str, platform: Platform, client: FlaskClient, clock: Clock) -> None:
    other = MOODLE if manner == CANVAS else CANVAS
    for token in (None, "made-up", registration.open_token(platform, other)):
        assert post(client, manner, token, body(platform, manner)).status_code == 401
    late = registration.open_token(platform, manner)
    clock.now += 3601
    assert post(client, manner, late, body(platform, manner)).status_code == 401
    assert tools.listed(platform) == []


@pytest.mark.parametrize(
    ("manner", "changes"),
    [
        *((manner, {name: None}) for manner in MANNERS
          for name in ("response_types", "redirect_uris", "client_name", "jwks_uri", TOOL)),
        *((manner, {name: value}) for manner in MANNERS for name, value in (
            ("application_type", "native"), ("redirect_uris", "http://localhost:8000/lti/launch"),
            ("redirect_uris", ["https://other.example/"]), ("response_types", ["code"]),
            ("token_endpoint_auth_method", "client_secret_basic"),
            ("initiate_login_uri", "https://other.example/login"))),
        (MOODLE, {"about": {"domain": ""}}),
        (MOODLE, {"about": {"domain": "localhost"}}),
        (CANVAS, {"about": {"domain": "http://localhost"}}),
        (CANVAS, {"about": {"claims": []}}),
        (CANVAS, {"about": {KEYS + "privacy_level": "everything"}}),
        (CANVAS, {"about": {"messages": [{"type": "LtiSubmissionReviewRequest"}]}}),
        (CANVAS, {"about": {"messages": [{"type": lti.RESOURCE_LINK_REQUEST,
                                          "placements": ["made-up"]}]}}),
        (CANVAS, {"about": {"custom_parameters": {"a": None}}}),
        (CANVAS, {"scope": "openid made-up"}),
    ],
)  # fmt: skip
def test_refused(
    manner: str, changes: dict[str, Any], platform: Platform, client: FlaskClient
) -> None:
    token = registration.open_token(platform, manner)
    refused = post(client, manner, token, body(platform, manner, **changes))
    assert refused.status_code in {400, 422}
    assert refused.mimetype == ("application/json" if manner == CANVAS else "text/html")
    assert tools.listed(platform) == []
    assert post(client, manner, token, body(platform, manner)).status_code == 200, "still good"


@pytest.mark.parametrize("asked", [None, [], "x", 7])
def test_a_body_that_is_none(asked: Any, platform: Platform, client: FlaskClient) -> None:
    token = registration.open_token(platform, MOODLE)
    assert post(client, MOODLE, token, asked).status_code == 400


def test_the_course_uses_what_is_switched_on(platform: Platform, client: FlaskClient) -> None:
    token = registration.open_token(platform, MOODLE)
    given = post(client, MOODLE, token, body(platform, MOODLE)).get_json()
    assert tools.in_use(platform) is platform
    tools.switch_on(platform, given["client_id"])
    used = tools.in_use(platform)
    person = persons.get("student-1")
    link = Link("l", "A link", custom={"own": "1"})
    form = oidc.login_request(used, person, link)
    assert form.fields["client_id"] == given["client_id"]
    assert form.fields["lti_deployment_id"] == "2"
    claims = tokens.launch_claims(used, person, link, nonce="n")
    assert claims["aud"] == given["client_id"] and claims[lti.DEPLOYMENT_ID] == "2"
    assert claims[lti.CUSTOM] == {"where": platform.settings.context_id, "own": "1"}
    assert claims[lti.AGS_ENDPOINT]["scope"] == [lti.SCOPE_SCORE]
    assert lti.NRPS_SERVICE not in claims, "it did not ask for the roster"
    assert "name" in claims and "given_name" not in claims
    tools.use_built_in(platform)
    assert tools.in_use(platform) is platform


def test_the_page_is_the_administrators(be: Any, platform: Platform) -> None:
    assert be("teacher").get("/tools").status_code == 403
    assert be("student-1").get("/tools/register?manner=canvas&address=x").status_code == 403
    page = be("admin").get("/tools")
    assert page.status_code == 200 and "built in" in page.text


@pytest.mark.parametrize("manner", MANNERS)
def test_the_frame_gets_the_address_with_permission(
    manner: str, be: Any, platform: Platform
) -> None:
    page = be("admin").get(
        "/tools/register",
        query_string={"manner": manner, "address": "http://localhost:8000/lti/register?invite=a"},
    )
    source = page.text.partition('<iframe class="tool" src="')[2].partition('"')[0]
    query = parse_qs(urlsplit(source.replace("&amp;", "&")).query)
    assert query["invite"] == ["a"] and len(query["registration_token"][0]) > 30
    assert f"/registration/{manner}/" in query["openid_configuration"][0]


@pytest.mark.parametrize("address", ["", "nonsense", "https://other.example/lti/register"])
def test_no_other_tools_page_is_framed(address: str, be: Any) -> None:
    query = {"manner": CANVAS, "address": address}
    assert be("admin").get("/tools/register", query_string=query).status_code == 400


def test_an_unknown_manner_or_tool(be: Any) -> None:
    assert be("admin").get("/tools/register?manner=sakai&address=x").status_code == 404
    assert be("admin").post("/tools/none/on").status_code == 404
