"""Dynamic registration, in the manner of Canvas and in that of Moodle.

LTI Dynamic Registration 1.0. What differs was read in Canvas's source and measured on Moodle:

canvas   the token is good for an hour and is needed for the configuration, too; refusals are JSON;
         nothing is said of a deployment, the tool gets one when it is switched on
moodle   the token works once; refusals are plain text that calls itself HTML; a deployment id is
         given at once; the domain must be that of the launch address, with its port
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from demo_lms import manners, tokens, tools
from demo_lms import vocabulary as lti
from demo_lms.errors import Refusal, bad_request
from demo_lms.manners import CANVAS, MOODLE
from demo_lms.platform import Platform
from demo_lms.settings import SHARED_CLAIMS, Settings
from demo_lms.tools import Tool

TOKEN_SECONDS = 3600
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"


def open_token(platform: Platform, manner: str) -> str:
    """Permission for one registration. Moodle's is a signed message that fixes the client id."""
    client_id = (
        secrets.token_urlsafe(11) if manner == MOODLE else f"1{secrets.randbelow(10**13):013}"
    )
    now = platform.now()
    token = secrets.token_urlsafe(48)
    if manner == MOODLE:
        claims = {"sub": client_id, "scope": "reg", "iat": now, "exp": now + TOKEN_SECONDS}
        token = tokens.sign(platform, {**claims, "jti": token})
    with platform.store.write() as db:
        db.execute("DELETE FROM registration_tokens WHERE expires_at < ?", (now,))
        db.execute(
            "INSERT INTO registration_tokens (hash, manner, client_id, expires_at)"
            " VALUES (?, ?, ?, ?)",
            (_hash(token), manner, client_id, now + TOKEN_SECONDS),
        )
    return token


def address(platform: Platform, tool_address: str, manner: str, token: str) -> str:
    """The tool's registration address with what it needs. Raises Refusal for another tool's."""
    parts = urlsplit(tool_address)
    if f"{parts.scheme}://{parts.netloc}" != platform.settings.tool_origin:
        raise bad_request(f"This LMS knows one tool, at {platform.settings.tool_origin}.")
    configuration = configuration_url(platform.settings, manner)
    if manner == CANVAS:  # as well as in the header
        configuration += f"?registration_token={token}"
    more = urlencode({"openid_configuration": configuration, "registration_token": token})
    return f"{tool_address}{'&' if parts.query else '?'}{more}"


def configuration_url(settings: Settings, manner: str) -> str:
    return f"{settings.issuer}/registration/{manner}/openid-configuration"


def discovery(settings: Settings) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0 section 3."""
    return {
        "issuer": settings.issuer,
        "authorization_endpoint": settings.authorization_url,
        "token_endpoint": settings.token_url,
        "jwks_uri": settings.jwks_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", *lti.SCOPES],
        "response_types_supported": ["id_token"],
        "response_modes_supported": ["form_post"],
        "subject_types_supported": ["public"],
        "claims_supported": ["sub", "iss", *SHARED_CLAIMS],
    }


def configuration(platform: Platform, manner: str, authorization: str | None) -> dict[str, Any]:
    """What the platform says of itself. Raises Refusal (401) where that needs a token."""
    if manner == CANVAS:
        _permitted(platform, manner, authorization)
    settings = platform.settings
    return {
        **discovery(settings),
        "registration_endpoint": f"{settings.issuer}/registration/{manner}/tools",
        PLATFORM: manners.canvas_platform() if manner == CANVAS else manners.moodle_platform(),
        **({"authorization_server": settings.netloc} if manner == CANVAS else {}),
    }


def register(
    platform: Platform, manner: str, authorization: str | None, body: object
) -> dict[str, Any]:
    """Add a tool, waiting for the administrator. Raises Refusal."""
    client_id = _permitted(platform, manner, authorization)
    asked = body if isinstance(body, dict) else {}
    about = asked.get(TOOL)
    _check_common(platform.settings, asked)
    if not isinstance(about, dict):
        raise bad_request(f"missing required attribute {TOOL}")
    check = manners.check_canvas if manner == CANVAS else manners.check_moodle
    check(asked, about)
    deployment = str(len(tools.listed(platform)) + 2) if manner == MOODLE else None
    _spend(platform, authorization)
    tool = _tool(client_id, manner, deployment, asked, about)
    tools.keep(platform, tool)
    said = {"deployment_id": deployment} if deployment else {}
    return {**asked, "client_id": client_id, TOOL: {**about, **said}}


def _tool(
    client_id: str,
    manner: str,
    deployment_id: str | None,
    asked: Mapping[str, Any],
    about: Mapping[str, Any],
) -> Tool:
    scopes = asked.get("scope", "").split()
    placements = [one for message in about["messages"] for one in message.get("placements", [])]
    return Tool(
        client_id=client_id,
        manner=manner,
        name=asked["client_name"],
        deployment_id=deployment_id,
        is_active=False,
        scopes=tuple(scope for scope in lti.SCOPES if scope in scopes),
        claims=tuple(claim for claim in SHARED_CLAIMS if claim in about.get("claims", [])),
        custom=tuple(about.get("custom_parameters", {}).items()),
        placements=tuple(placements),
    )


def _check_common(settings: Settings, asked: Mapping[str, Any]) -> None:
    """What both demand, in Moodle's words, and that it is the tool which this LMS frames."""
    for name in ("response_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri",
                 "token_endpoint_auth_method", TOOL):  # fmt: skip
        if name not in asked:
            raise bad_request(f"missing required attribute {name}")
    exact = {
        "application_type": "web",
        "token_endpoint_auth_method": "private_key_jwt",
        "initiate_login_uri": settings.tool_login_url,
        "jwks_uri": settings.tool_jwks_url,
    }
    holds = {
        "response_types": {"id_token"},
        "grant_types": {"implicit", "client_credentials"},
        "redirect_uris": {settings.tool_launch_url},
    }
    wrong = [name for name, value in exact.items() if asked.get(name) != value]
    wrong += [name for name, some in holds.items() if not some <= _texts(asked.get(name))]
    if wrong:
        raise bad_request(f"invalid_{wrong[0]}")


def _permitted(platform: Platform, manner: str, authorization: str | None) -> str:
    """The client id that the token stands for. Raises Refusal (401)."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(401, "invalid_request", "missing_registration_token")
    row = platform.store.row(
        "SELECT * FROM registration_tokens WHERE hash = ? AND manner = ?", _hash(token), manner
    )
    if row is None or row["expires_at"] <= platform.now():
        raise Refusal(401, "invalid_token", "invalid_registration_token")
    if row["used"] and manner == MOODLE:
        raise Refusal(401, "invalid_token", "token_already_used")
    return str(row["client_id"])


def _spend(platform: Platform, authorization: str | None) -> None:
    token = (authorization or "").partition(" ")[2]
    with platform.store.write() as db:
        done = db.execute(
            "UPDATE registration_tokens SET used = 1 WHERE hash = ? AND used = 0", (_hash(token),)
        )
    if not done.rowcount:
        raise Refusal(401, "invalid_token", "token_already_used")


def _texts(value: object) -> set[str]:
    return {one for one in value if isinstance(one, str)} if isinstance(value, list) else set()


def _hash(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()
