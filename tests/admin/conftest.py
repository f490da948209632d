"""An operator before the console, over HTTP, and platforms for it to show."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.connections import registrations
from app.connections.registrations import NewRegistration
from lti_config.addresses import TrustedHosts
from models import Registration

TOOL = "http://localhost:8000"


def link_of(app: Flask, name: str = "Ada") -> str:
    """The secret of a fresh log-in link, as the command prints it."""
    done = app.test_cli_runner().invoke(args=["admin", "link", name])
    assert done.exit_code == 0, done.output
    address = done.stdout.strip()
    assert address.startswith(f"{TOOL}/admin/login#"), address
    return address.partition("#")[2]


@dataclass
class Console:
    """A browser at the console."""

    client: FlaskClient

    def open(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.open(f"/admin{path}", base_url=TOOL, **kwargs)

    def get(self, path: str) -> TestResponse:
        answer = self.open(path)
        assert answer.status_code == 200, answer.text
        return answer

    def send(self, path: str, origin: str | None = TOOL, **form: Any) -> TestResponse:
        """POST as a script would: nothing but what is given."""
        headers = {"Origin": origin} if origin else {}
        return self.open(path, method="POST", data=form, headers=headers)

    def log_in(self, secret: str) -> TestResponse:
        return self.send("/login", secret=secret)

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="(\w+)"', self.get("/").text)
        assert found
        return found[1]

    def post(self, path: str, **form: Any) -> TestResponse:
        """POST as a form of the console does, with its anti-CSRF token."""
        return self.send(path, csrf_token=self.token(), **form)

    def done(self, path: str, **form: Any) -> str:
        """POST what is expected to work; the text of the page that it leads to."""
        answer = self.post(path, **form)
        assert answer.status_code == 303, answer.text
        return shown(self.client.get(answer.location, base_url=TOOL))


def shown(page: TestResponse) -> str:
    """What a person reads: no tags, single spaces."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture
def stranger(app: Flask) -> Console:
    return Console(app.test_client())


@pytest.fixture
def console(app: Flask) -> Console:
    """Logged in as Ada."""
    console = Console(app.test_client())
    assert console.log_in(link_of(app)).status_code == 303
    return console


Registering = Callable[..., Registration]


@pytest.fixture
def register(session: Session) -> Registering:
    """`register(issuer="https://…", …)` adds a registration, committed."""

    def register(host: str = "lms.example", **given: Any) -> Registration:
        values = {
            "name": "Lakeside",
            "issuer": f"https://{host}",
            "client_id": "c1",
            "auth_url": f"https://{host}/auth",
            "token_url": f"https://{host}/token",
            "jwks_url": f"https://{host}/jwks",
            "deployments": ("1",),
        }
        row = registrations.add(session, NewRegistration(**{**values, **given}), TrustedHosts())
        session.commit()
        return row

    return register
