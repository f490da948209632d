"""Chromium for a test, the application behind a real socket, and what axe finds on a page."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from app import config
from app.credentials import COOKIE_PREFIX
from tests.helpers import Visitor

AXE = Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js"


@contextmanager
def chromium(*args: str) -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own. A thread can have one at a time."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*args, *as_root])
        yield browser
        browser.close()


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[str]:
    """The tool itself behind a real socket: its address, which the settings name meanwhile."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    address = f"http://localhost:{server.server_port}"
    config.install(replace(config.current(), url=address))
    yield address
    server.shutdown()


def admit(context: BrowserContext, visitor: Visitor) -> None:
    """Gives the browser the cookie of a session."""
    cookie = {"name": COOKIE_PREFIX + visitor.sid, "value": visitor.secret, "secure": True}
    context.add_cookies([{**cookie, "url": "https://localhost", "sameSite": "None"}])  # type: ignore[list-item]


def violations(page: Page, **options: Any) -> list[str]:
    """What axe finds on the page as it stands, a line each."""
    page.evaluate(_axe())
    options = {"resultTypes": ["violations"], **options}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {node['html'][:150]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@cache
def _axe() -> str:
    return AXE.read_text()
