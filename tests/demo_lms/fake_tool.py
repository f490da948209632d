"""A tool that the demo LMS can talk to: its keys, its signed messages, its service requests."""

from __future__ import annotations

import itertools
from typing import Any

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.test import TestResponse

from demo_lms import vocabulary as lti
from demo_lms.oauth import ASSERTION_TYPE
from demo_lms.settings import Settings

_numbers = itertools.count()


class Clock:
    """Time that only a test moves."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.25

    def __call__(self) -> float:
        return self.now


class FakeTool:
    """Holds the key set that `fetch` serves, and signs with its first key."""

    def __init__(self, settings: Settings, clock: Clock, key: RSAKey) -> None:
        self.settings = settings
        self.clock = clock
        self.keys = [key]
        self.fetched = 0
        self.is_down = False

    def fetch(self, url: str) -> Any:
        assert url == self.settings.tool_jwks_url
        self.fetched += 1
        if self.is_down:
            raise OSError("connection refused")
        return KeySet(list(self.keys)).as_dict(private=False)

    def sign(self, claims: dict[str, Any], *, key: RSAKey | None = None, **header: Any) -> str:
        """RS256 with the first key's kid; `header` fields of None are left out."""
        fields = {"alg": "RS256", "kid": self.keys[0].kid, **header}
        fields = {name: value for name, value in fields.items() if value is not None}
        return jwt.encode(fields, claims, key or self.keys[0], algorithms=[fields["alg"]])

    def assertion_claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self.clock())
        claims = {
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": self.settings.token_url,
            "iat": now,
            "exp": now + 60,
            "jti": f"jti-{next(_numbers)}",
        }
        return changed(claims, changes)

    def token_form(self, *scopes: str, assertion: str | None = None) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.sign(self.assertion_claims()),
            "scope": " ".join(scopes or lti.SCOPES),
        }

    def access_token(self, client: FlaskClient, *scopes: str) -> str:
        answer = client.post("/token", data=self.token_form(*scopes))
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["access_token"])

    def deep_linking_claims(self, data: str, items: list[Any], **changes: Any) -> dict[str, Any]:
        now = int(self.clock())
        claims = {
            "iss": self.settings.client_id,
            "aud": self.settings.issuer,
            "iat": now,
            "exp": now + 300,
            "nonce": f"nonce-{next(_numbers)}",
            lti.MESSAGE_TYPE: lti.DEEP_LINKING_RESPONSE,
            lti.VERSION: "1.3.0",
            lti.DEPLOYMENT_ID: self.settings.deployment_id,
            lti.DL_DATA: data,
            lti.DL_CONTENT_ITEMS: items,
        }
        return changed(claims, changes)


class Service:
    """The test client with an access token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, url: str, **headers: str) -> TestResponse:
        return self.client.get(url, headers=self.headers | headers)

    def send(self, method: str, url: str, body: Any, media_type: str) -> TestResponse:
        headers = self.headers | {"Content-Type": media_type}
        return self.client.open(url, method=method, json=body, headers=headers)

    def delete(self, url: str) -> TestResponse:
        return self.client.delete(url, headers=self.headers)


def changed(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """With these claims in place; a value of None removes the claim."""
    merged = {**claims, **changes}
    return {name: value for name, value in merged.items() if value is not None}
