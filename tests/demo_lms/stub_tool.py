"""A tool of forty lines, so that the demo LMS can be seen in a browser without CourseLLM.

It does what any honest tool does: login page, launch, key set, an answer from its picker. What it
gets is kept in `launches` for a test to look at.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request
from joserfc import jws, jwt
from joserfc.jwk import KeySet, RSAKey
from markupsafe import escape

from demo_lms import vocabulary as lti
from demo_lms.settings import Settings


class StubTool:
    """`url` is where it is served; the LMS's settings name the same address as `tool_url`."""

    def __init__(self, settings: Settings, key: RSAKey) -> None:
        self.settings = settings
        self.key = key
        self.launches: list[dict[str, Any]] = []
        self.errors: list[str] = []

    def application(self) -> Flask:
        app = Flask(__name__)
        app.add_url_rule("/lti/login", view_func=self.login, methods=["GET", "POST"])
        app.add_url_rule("/lti/launch", view_func=self.launch, methods=["POST"])
        app.add_url_rule("/lti/jwks", view_func=self.jwks)
        return app

    def login(self) -> Response:
        """By script, as CourseLLM does it: the browser secret has to be stored first."""
        given = request.values
        query = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": given["client_id"],
            "redirect_uri": self.settings.tool_launch_url,
            "login_hint": given["login_hint"],
            "lti_message_hint": given["lti_message_hint"],
            "state": "stub-state",
            "nonce": "stub-nonce",
        }
        address = json.dumps(f"{self.settings.authorization_url}?{urlencode(query)}")
        return Response(f"<script>location.replace({address})</script>")

    def launch(self) -> Response:
        if "error" in request.form:
            self.errors.append(request.form["error"])
            return Response(f"<h1>Error {escape(request.form['error'])}</h1>")
        token = jws.extract_compact(request.form["id_token"].encode())
        claims = json.loads(token.payload or b"{}")
        self.launches.append(claims)
        if lti.DL_SETTINGS in claims:
            return Response(self.picker(claims[lti.DL_SETTINGS]))
        return Response(f"<h1>Hello {escape(claims.get('name', 'somebody'))}</h1>")

    def picker(self, settings: dict[str, str]) -> str:
        now = self.launches[-1]["iat"]
        claims = {
            "iss": self.settings.client_id,
            "aud": self.settings.issuer,
            "iat": now,
            "exp": now + 60,
            "nonce": f"answer-{len(self.launches)}",
            lti.MESSAGE_TYPE: lti.DEEP_LINKING_RESPONSE,
            lti.VERSION: "1.3.0",
            lti.DEPLOYMENT_ID: self.settings.deployment_id,
            lti.DL_DATA: settings["data"],
            lti.DL_CONTENT_ITEMS: [
                {
                    "type": "ltiResourceLink",
                    "title": "Practice: loops",
                    "text": "Ten questions on for and while",
                    "custom": {"activity": "loops"},
                    "lineItem": {"scoreMaximum": 10},
                }
            ],
        }
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        action = escape(settings["deep_link_return_url"])
        return (
            f'<form action="{action}" method="post"><input name="JWT" type="hidden" '
            f'value="{token}"><button>Add “Practice: loops”</button></form>'
        )

    def jwks(self) -> dict[str, Any]:
        return dict(KeySet([self.key]).as_dict(private=False))
