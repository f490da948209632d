"""Keys, tokens and metadata. Security Framework 1.0 sections 4.1 and 6.3, OpenID Discovery 1.0."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from demo_lms import oauth
from demo_lms.errors import Refusal
from demo_lms.faults import fail_if, get_faults
from demo_lms.keys import public_key_set
from demo_lms.registration import discovery
from demo_lms.views.browser import lms

endpoints = Blueprint("security", __name__)
JWKS_SECONDS = 600


def refused_json(refusal: Refusal) -> Response:
    """RFC 6749 section 5.2 and RFC 6750 section 3."""
    response = jsonify(error=refusal.code, error_description=refusal.reason)
    response.status_code = refusal.status
    response.headers["Cache-Control"] = "no-store"
    if refusal.status in (401, 403):
        response.headers["WWW-Authenticate"] = f'Bearer error="{refusal.code}"'
    return response


endpoints.register_error_handler(Refusal, refused_json)


@endpoints.get("/jwks")
def jwks() -> Response:
    fail_if(get_faults(lms().store).jwks_down, "The key set is")
    response = jsonify(public_key_set(lms().key))
    response.headers["Cache-Control"] = f"public, max-age={JWKS_SECONDS}"
    return response


@endpoints.post("/token")
def token() -> Response:
    fail_if(get_faults(lms().store).token_down, "The token endpoint is")
    response = jsonify(oauth.grant(lms(), request.form))
    response.headers["Cache-Control"] = "no-store"
    return response


@endpoints.get("/.well-known/openid-configuration")
def configuration() -> Response:
    return jsonify(discovery(lms().settings))
