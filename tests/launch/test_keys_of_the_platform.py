"""Launches while the platform's key set can't be had: old keys count, or the page says when to
try again. The key set's server is a real one that misbehaves.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from app.config import Settings
from demo_lms import Platform
from demo_lms.keys import public_key_set
from models import CachedKeySet, ToolSession, now
from models import Platform as PlatformRow
from scripts.probes import free_port
from tests.launch.lms import Attempt, Browser
from tests.launch.table import row


@dataclass
class KeySetServer:
    """Answers as it is told; `asked` counts the requests."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    asked: int = 0
    url: str = ""

    def serve(self) -> ThreadingHTTPServer:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/jwks"
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server


@pytest.fixture
def key_set(platform: Platform, session: Session) -> Iterator[KeySetServer]:
    """The platform's key set, at a server of the test's."""
    answers = KeySetServer(body=json.dumps(public_key_set(platform.key)).encode())
    server = answers.serve()
    session.execute(update(PlatformRow).values(jwks_url=answers.url))
    session.commit()
    yield answers
    server.shutdown()
    server.server_close()


JSON = {"Content-Type": "application/json"}
TROUBLES: dict[str, dict[str, Any]] = {
    "503": {"status": 503},
    "500 with HTML": {"status": 500, "body": b"<h1>Error</h1>"},
    "HTML with 200": {"body": b"<!doctype html><title>Maintenance</title>"},
    "an error in JSON": {"body": b'{"error": "server_error"}', "headers": JSON},
    "no keys": {"body": b'{"keys": []}', "headers": JSON},
    "larger than allowed": {"body": b'{"keys": [' + b" " * 2_000_000 + b"]}", "headers": JSON},
    "redirect to a private address": {"status": 302, "headers": {"Location": "http://10.0.0.1/"}},
    "redirect to metadata": {
        "status": 307,
        "headers": {"Location": "http://169.254.169.254/latest/meta-data/"},
    },
    "down": {"url": f"http://127.0.0.1:{free_port()}/jwks"},
}


def break_down(key_set: KeySetServer, trouble: str, session: Session) -> None:
    for name, value in TROUBLES[trouble].items():
        setattr(key_set, name, value)
    session.execute(update(PlatformRow).values(jwks_url=key_set.url))
    session.commit()


def sessions(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(ToolSession)) or 0


def assert_try_again(answer: TestResponse) -> None:
    assert answer.status_code == 503, answer.text
    assert "again in a minute" in answer.text and "data-error-reference" in answer.text
    assert "Set-Cookie" not in answer.headers


@row(42)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_without_keys_the_page_says_when_to_try_again(
    trouble: str,
    key_set: KeySetServer,
    browser: Browser,
    platform: Platform,
    session: Session,
    caplog: pytest.LogCaptureFixture,
):
    attempt = browser.begin(platform)
    good = dict(vars(key_set))
    break_down(key_set, trouble, session)
    assert_try_again(attempt.post())
    assert "key set" in caplog.text
    assert sessions(session) == 0

    vars(key_set).update(good)  # the same sign-in opens once the platform answers
    session.execute(update(PlatformRow).values(jwks_url=key_set.url))
    session.commit()
    assert attempt.post().status_code == 303


@row(42)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_old_keys_count_while_new_ones_cannot_be_had(
    trouble: str, key_set: KeySetServer, browser: Browser, platform: Platform, session: Session
):
    assert browser.launch(platform).status_code == 303
    old = session.scalars(select(CachedKeySet.keys)).one()
    break_down(key_set, trouble, session)
    an_hour_ago = now() - timedelta(hours=1)
    session.execute(update(CachedKeySet).values(url=key_set.url, expires_at=an_hour_ago))
    session.commit()

    assert browser.launch(platform).status_code == 303

    assert session.scalars(select(CachedKeySet.keys)).one() == old
    assert sessions(session) == 2


def test_keys_are_no_good_for_ever(
    key_set: KeySetServer, browser: Browser, platform: Platform, session: Session
):
    assert browser.launch(platform).status_code == 303
    break_down(key_set, "503", session)
    yesterday = now() - timedelta(hours=25)
    session.execute(update(CachedKeySet).values(expires_at=yesterday))
    session.commit()
    assert_try_again(browser.launch(platform))


@row(8)
def test_an_unknown_kid_is_asked_for_once_a_minute(
    key_set: KeySetServer, browser: Browser, platform: Platform
):
    assert browser.launch(platform).status_code == 303
    assert key_set.asked == 1
    for _ in range(3):
        bad = browser.begin(platform)
        bad.header["kid"] = "nobody"
        assert bad.post().status_code == 401
    assert key_set.asked == 2
    assert browser.launch(platform).status_code == 303
    assert key_set.asked == 2


def test_one_request_for_keys_serves_all_launches_of_all_workers_for_an_hour(
    app: Flask, settings: Settings, platform: Platform, key_set: KeySetServer, session: Session
):
    """Twelve come at once to two workers that know no keys yet, then one after the other."""
    workers = [app, create_app(settings)]
    waiting = [Browser(workers[number % 2]).begin(platform) for number in range(12)]
    with ThreadPoolExecutor(len(waiting)) as people:
        arrived = [answer.status_code for answer in people.map(Attempt.post, waiting)]
    assert arrived == [303] * 12
    for number in range(6):
        assert Browser(workers[number % 2]).launch(platform).status_code == 303
    assert key_set.asked == 1

    kept = session.scalars(select(CachedKeySet)).one()
    assert kept.expires_at - kept.fetched_at == timedelta(hours=1)
    passed = now() - timedelta(hours=1)
    session.execute(update(CachedKeySet).values(expires_at=passed, refetched_at=passed))
    session.commit()
    for worker in workers:
        assert Browser(worker).launch(platform).status_code == 303
    assert key_set.asked == 2
