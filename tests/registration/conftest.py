"""An LMS that registers tools as Moodle does, and an administrator who follows its address."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.connections import invitations
from models import Invitation
from tests.lti_config.conftest import Answer, Asked, Peer, peer

__all__ = ["peer"]

TOKEN = "eyJhbGciOiJSUzI1NiJ9.secret-of-the-lms.c2lnbmF0dXJl"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"


MOODLE: dict[str, Any] = json.loads(Path(__file__).with_name("moodle.json").read_text())
"""What a real Moodle said: `configurations`, `answers` and `refusals`."""


@dataclass
class Lms:
    """Change `configuration`, `reply` or `refusal` for the LMS to answer otherwise."""

    peer: Peer
    configuration: dict[str, Any]
    reply: dict[str, Any] = field(default_factory=dict)
    refusal: Answer | None = None
    configuration_answer: Answer | None = None
    needs_token: bool = False

    @property
    def configuration_url(self) -> str:
        return f"{self.peer.url}/openid-configuration"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was posted to be registered."""
        return [json.loads(asked.body) for asked in self.peer.asked if asked.method == "POST"]

    def answer(self, asked: Asked) -> Answer:
        permitted = asked.headers.get("Authorization") == f"Bearer {TOKEN}"
        if asked.path.startswith("/openid-configuration"):
            if self.needs_token and not permitted:
                return 401, {"Content-Type": "application/json"}, b"{}"
            return self.configuration_answer or _json(self.configuration)
        if self.refusal:
            return self.refusal
        if asked.path == "/register" and asked.method == "POST" and permitted:
            return _json(self.reply)
        return 401, {"Content-Type": "text/html"}, b"missing_registration_token"


def _json(value: Any) -> Answer:
    return 200, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode()


@pytest.fixture
def lms(peer: Peer) -> Iterator[Lms]:
    url = peer.url
    configuration = {
        "issuer": url,
        "authorization_endpoint": f"{url}/auth",
        "token_endpoint": f"{url}/token",
        "jwks_uri": f"{url}/jwks",
        "registration_endpoint": f"{url}/register",
        "scopes_supported": [AGS + "score", AGS + "lineitem", "openid"],
        PLATFORM: {
            "product_family_code": "moodle",
            "version": "5.0",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
            ],
            "variables": ["Context.id.history", "User.id"],
        },
    }
    lms = Lms(peer, configuration, {"client_id": "given-by-lms", TOOL: {"deployment_id": "7"}})
    peer.answer = lms.answer
    yield lms


@dataclass
class Administrator:
    """Whoever holds an invitation, with a browser."""

    app: Flask
    invitation: Invitation
    code: str

    def look(self, lms: Lms, **given: str | None) -> TestResponse:
        """Follow the address as the LMS has it, with these parameters instead (None: without)."""
        query = {
            "invite": self.code,
            "openid_configuration": lms.configuration_url,
            "registration_token": TOKEN,
            **given,
        }
        kept = {name: value for name, value in query.items() if value is not None}
        return self.app.test_client().get(f"/lti/register?{urlencode(kept)}")

    def confirm(self, page: TestResponse) -> TestResponse:
        return self.post(offer_in(page))

    def post(self, offer: str) -> TestResponse:
        return self.app.test_client().post("/lti/register", data={"offer": offer})


def offer_in(page: TestResponse) -> str:
    found = re.search(r'name="offer" value="([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


@pytest.fixture
def administrator(app: Flask, session: Session) -> Administrator:
    invitation, code = invitations.invite(session, "Lakeside College")
    session.commit()
    return Administrator(app, invitation, code)
