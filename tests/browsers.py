"""Browsers for a test, the application behind a real socket, and what axe finds on a page.

Where the browser's own settings matter (cookies of other sites, storage), a test has Chromium as
people have it, with a profile: `of_people`. A page itself looks the same in Chromium's headless
shell, which takes two thirds of the processor's time: `chromium`.
"""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from werkzeug.serving import make_server

from app import config
from app.credentials import COOKIE_PREFIX
from tests.helpers import Visitor
from tests.workers import until

AXE = Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js"
_QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium(*args: str) -> Iterator[Browser]:
    """For pages: the headless shell, else Chromium. A thread can have one at a time."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**_options("chromium-headless-shell", *args))
        yield browser
        browser.close()


@contextmanager
def of_people(
    playwright: Playwright, profile: Path, settings: dict[str, Any], **options: Any
) -> Iterator[BrowserContext]:
    """Chromium with a fresh profile in a folder and these settings of the browser's own."""
    (profile / "Default").mkdir(parents=True)
    (profile / "Default/Preferences").write_text(json.dumps({"profile": settings}))
    size = {"width": 1280, "height": 800}
    context = playwright.chromium.launch_persistent_context(
        profile, viewport=size, **_options(), **options
    )
    try:
        yield context
    finally:
        context.close()


def _options(rather: str = "chromium", *args: str) -> dict[str, Any]:
    """The system's browser where it is there, else Playwright's own; root has no sandbox."""
    path = next(filter(None, map(shutil.which, (rather, "chromium", "google-chrome"))), None)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": path, "args": [*_QUIET, *args, *as_root]}


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


def comes_true(page: Page, expression: str) -> None:
    """Waits for it. Playwright's own way asks inside the page, where our pages forbid eval."""
    until(lambda: page.evaluate(expression), 20)


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
