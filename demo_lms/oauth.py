"""Access tokens for the services: client credentials with a signed assertion.

Security Framework 1.0 section 4.1.1, RFC 6749 section 4.4 and 5.2, RFC 7523 section 3,
RFC 6750 section 3 (refusals of a bearer token).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from demo_lms import vocabulary as lti
from demo_lms.errors import Refusal, bad_request
from demo_lms.platform import Platform
from demo_lms.store import spend
from demo_lms.tool_keys import audience, check_times, one_time_text, verified_claims

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ASSERTION = 300


def grant(platform: Platform, form: Mapping[str, str]) -> dict[str, Any]:
    """Answer a token request. Raises Refusal with OAuth's error code (400)."""
    if form.get("grant_type") != "client_credentials":
        raise Refusal(400, "unsupported_grant_type", "grant_type must be client_credentials.")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise bad_request(f"client_assertion_type must be {ASSERTION_TYPE}.")
    _check_assertion(platform, form.get("client_assertion", ""))
    scopes = _granted(form.get("scope", ""), platform.settings.tool_scopes)
    return {
        "access_token": _issue(platform, scopes),
        "token_type": "Bearer",
        "expires_in": platform.settings.access_token_lifetime,
        "scope": " ".join(scopes),
    }


def require_scope(platform: Platform, authorization: str | None, *accepted: str) -> None:
    """Let a request with a living token of one of these scopes pass.

    Raises Refusal: 401 without a good token, 403 with one that does not reach so far.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(401, "invalid_request", "A bearer token is needed.")
    row = platform.store.row("SELECT * FROM access_tokens WHERE hash = ?", _hash(token.strip()))
    if row is None or row["expires_at"] <= platform.now():
        raise Refusal(401, "invalid_token", "The access token is unknown or has expired.")
    if not set(accepted) & set(row["scopes"].split()):
        raise Refusal(403, "insufficient_scope", f"The token lacks {' or '.join(accepted)}.")


def _check_assertion(platform: Platform, assertion: str) -> None:
    """The tool proves who it is; each assertion serves once."""
    settings, now = platform.settings, platform.now()
    claims = verified_claims(platform.tool_keys, assertion)
    for name in ("iss", "sub"):
        if claims.get(name) != settings.client_id:
            raise _invalid_client(f"{name} is not the client id.")
    if settings.token_url not in audience(claims):
        raise _invalid_client(f"aud must be the token endpoint, {settings.token_url}.")
    if claims.get(lti.DEPLOYMENT_ID, settings.deployment_id) != settings.deployment_id:
        raise _invalid_client("deployment_id is unknown.")
    check_times(claims, now, LONGEST_ASSERTION)
    jti = one_time_text(claims, "jti")
    with platform.store.write() as db:
        fresh = spend(db, "jti", jti, now=now, expires_at=now + LONGEST_ASSERTION)
    if not fresh:
        raise _invalid_client("jti was used before.")


def _granted(scope: str, offered: tuple[str, ...]) -> list[str]:
    """What was asked for and exists, in order. Raises Refusal if that is nothing."""
    granted = [name for name in dict.fromkeys(scope.split()) if name in offered]
    if not granted:
        raise Refusal(400, "invalid_scope", "None of the scopes asked for is offered here.")
    return granted


def _issue(platform: Platform, scopes: list[str]) -> str:
    token, now = secrets.token_urlsafe(32), platform.now()
    expires_at = now + platform.settings.access_token_lifetime
    with platform.store.write() as db:
        db.execute("DELETE FROM access_tokens WHERE expires_at < ?", (now,))
        db.execute(
            "INSERT INTO access_tokens VALUES (?, ?, ?)",
            (_hash(token), " ".join(scopes), expires_at),
        )
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _invalid_client(reason: str) -> Refusal:
    return Refusal(400, "invalid_client", reason)
