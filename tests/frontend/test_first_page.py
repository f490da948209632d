"""What a student's first page makes a browser fetch: the tool itself, served as in use."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from tests import factories
from tests.frontend.conftest import Opening
from tests.helpers import enter

LIMIT = 150_000
FETCHED = """() => performance.getEntriesByType("resource").map(
    entry => ({name: entry.name, sent: entry.encodedBodySize, held: entry.decodedBodySize}))"""


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.fixture
def first_page(
    app: Flask,
    session: Session,
    address: str,
    visit: Opening,
    contexts: dict[bool, BrowserContext],
) -> Any:
    """`first_page(path, ready=…)` opens a page as a student and gives what was fetched for it."""
    course = factories.course(session)
    factories.material(session, course)
    factories.question(session, factories.concept(session, course))
    student = enter(app, session, course)
    cookie = {"name": f"__Host-s-{student.sid}", "value": student.secret, "secure": True}

    def opened(path: str, *, ready: str) -> list[dict[str, Any]]:
        contexts[True].add_cookies([{**cookie, "url": "https://localhost"}])
        visiting = visit()
        page = visiting.page
        page.goto(address + student.url(path))
        page.wait_for_selector(ready)
        page.wait_for_load_state("networkidle")
        assert visiting.complaints == []
        fetched: list[dict[str, Any]] = page.evaluate(FETCHED)
        return fetched

    return opened


@pytest.mark.parametrize(
    ("path", "ready", "room"),
    [("tutor/", "#ask", "tutor-"), ("practice/", "main h1", "main")],
)
def test_bundle_of_the_first_page_is_at_most_150_kilobytes(
    first_page: Any, path: str, ready: str, room: str
) -> None:
    fetched = first_page(path, ready=ready)
    names = " ".join(entry["name"] for entry in fetched)
    assert "/main.css" in names
    assert "/main.js" in names
    assert room in names
    assert not [heavy for heavy in ("pdf", "reader-", "katex", "woff2") if heavy in names]
    assert sum(entry["sent"] for entry in fetched) <= LIMIT
    assert sum(entry["held"] for entry in fetched) > 2 * LIMIT, "it came compressed"
