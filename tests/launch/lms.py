"""Launches for tests: a demo LMS behind real HTTP, and a browser that goes to and fro."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Flask
from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from app.connections import registrations
from app.connections.registrations import NewRegistration
from demo_lms import Platform, Settings, create_app, oidc, persons, tokens
from demo_lms.links import FIRST_LINK, Link, get
from demo_lms.persons import Person
from lti_config.addresses import TrustedHosts
from models import Registration
from scripts.probes import free_port

TOOL = "http://localhost:8000"
TRUSTED = TrustedHosts(("127.0.0.1", "localhost"))


@contextmanager
def serve(folder: Path, app: Flask | None = None) -> Iterator[Platform]:
    """A demo LMS on a port of its own, over real HTTP; it reads the key set of `app`."""

    def fetch(url: str) -> Any:
        assert app is not None
        return app.test_client().get(urlsplit(url).path, base_url=TOOL).json

    settings = Settings(folder=folder, port=free_port(), tool_url=TOOL)
    platform = Platform.open(settings, fetch=fetch)
    server = make_server(
        platform.settings.host, platform.settings.port, create_app(platform=platform), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()


def register(session: Session, platform: Platform, **given: Any) -> Registration:
    """Register the platform as an operator would; committed."""
    settings = platform.settings
    values = {
        "name": "Demo",
        "issuer": settings.issuer,
        "client_id": settings.client_id,
        "auth_url": settings.authorization_url,
        "token_url": settings.token_url,
        "jwks_url": settings.jwks_url,
        "deployments": (settings.deployment_id,),
    }
    row = registrations.add(session, NewRegistration(**{**values, **given}), TRUSTED)
    session.commit()
    return row


@dataclass
class Attempt:
    """One launch on its way back from the platform: change what you like, then post it."""

    browser: "Browser"
    platform: Platform
    params: dict[str, str]
    """The authentication request, as the platform gets it."""
    claims: dict[str, Any]
    secret: str
    """What the browser was given at the login."""
    header: dict[str, Any] = field(default_factory=dict)
    key: RSAKey | None = None
    form: dict[str, str] = field(default_factory=dict)
    """Form fields that replace what would be posted; None leaves one out."""
    token: str | None = None
    keeps_cookie: bool = True

    @property
    def state(self) -> str:
        return self.params["state"]

    def id_token(self) -> str:
        if self.token is not None:
            return self.token
        return tokens.sign(self.platform, self.claims, header=self.header, key=self.key)

    def post(self) -> TestResponse:
        form: dict[str, Any] = {"id_token": self.id_token(), "state": self.state, **self.form}
        if not self.keeps_cookie:
            self.browser.drop_cookies()
        return self.browser.open(
            "/lti/launch",
            method="POST",
            data={name: text for name, text in form.items() if text is not None},
        )


class Browser:
    """A browser with a cookie jar, at the tool's public address."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def open(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.open(path, base_url=TOOL, **kwargs)

    def drop_cookies(self) -> None:
        self.client = self.client.application.test_client()

    def log_in(self, platform: Platform, person: Person, link: Link | None) -> TestResponse:
        post = oidc.login_request(platform, person, link)
        return self.open(urlsplit(post.action).path, method="POST", data=post.fields)

    def begin(self, platform: Platform, person_id: str = "student-1") -> Attempt:
        """Log in and get the platform's claims: a launch of the course page's first link."""
        link = get(platform.store, FIRST_LINK)
        return self.begin_as(platform, persons.get(person_id), link)

    def begin_deep_linking(self, platform: Platform, person_id: str = "teacher") -> Attempt:
        return self.begin_as(platform, persons.get(person_id), None)

    def begin_as(self, platform: Platform, person: Person, link: Link | None) -> Attempt:
        """A launch of this link, or a visit to the picker if there is none."""
        return self.begin_from(platform, person, self.log_in(platform, person, link))

    def begin_from(self, platform: Platform, person: Person, page: TestResponse) -> Attempt:
        """From the tool's login page on."""
        assert page.status_code == 200, page.text
        params = authentication_request(page)
        claims = oidc.authorized_claims(platform, params, person)
        return Attempt(self, platform, params, claims, launch_data(page)["browser_secret"])

    def launch(self, platform: Platform, person_id: str = "student-1") -> TestResponse:
        return self.begin(platform, person_id).post()


def signed_by_hand(platform: Platform, claims: dict[str, Any], **header: Any) -> str:
    """A genuine token of claims, or with a header, that no JOSE library would write."""
    pem = platform.key.as_pem(private=True)
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, RSAPrivateKey)
    return tokens.compact(
        {"alg": "RS256", "kid": platform.key.kid, **header},
        claims,
        lambda signed: key.sign(signed, PKCS1v15(), hashes.SHA256()),
    )


def launch_data(page: TestResponse) -> dict[str, Any]:
    """The values that a launch page hands to its script."""
    found = re.search(r'id="launch-data">(.*?)</script>', page.text, re.DOTALL)
    assert found, page.text
    data: dict[str, Any] = json.loads(found[1])
    return data


def authentication_request(page: TestResponse) -> dict[str, str]:
    """What a login page asks the platform for."""
    address = urlsplit(launch_data(page)["authorization_url"])
    return {name: values[0] for name, values in parse_qs(address.query).items()}
