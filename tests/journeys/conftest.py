"""Browsers as students and teachers have them: cookies allowed, blocked, or stripped on the way."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from tests.journeys.stripping_proxy import StrippingProxy
from tests.stack import Stack

QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenBrowser = Callable[[str, str], AbstractContextManager[BrowserContext]]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Not for the whole run: while it is open, no other test can have an event loop."""
    with sync_playwright() as playwright:
        yield playwright


def browser_options() -> dict[str, object]:
    """Debian's browser where it is there, else Playwright's own; root has no sandbox."""
    system = Path("/usr/bin/chromium")
    found = {"executable_path": str(system)} if system.exists() else {}
    as_root = ["--no-sandbox"] if os.getuid() == 0 else []
    return {**found, "args": [*QUIET, *as_root]}


@pytest.fixture
def open_browser(playwright: Playwright, stack: Stack, tmp_path: Path) -> OpenBrowser:
    """`open_browser(person, "allowed" | "blocked" | "stripped")`: a fresh profile of that person,
    with that rule for cookies of other sites. The tool (localhost) and the LMS (127.0.0.1) are two.
    """

    @contextmanager
    def opened(person: str, cookies: str) -> Iterator[BrowserContext]:
        profile = tmp_path / f"{person}-{cookies}"
        _set_rule(profile, blocked=cookies == "blocked")
        with StrippingProxy(stack.url.removeprefix("http://")) as proxy:
            options = browser_options()
            if cookies == "stripped":
                options["proxy"] = {"server": proxy.address, "bypass": "<-loopback>"}
            context = playwright.chromium.launch_persistent_context(
                str(profile), viewport={"width": 1280, "height": 800}, **options
            )
            context.set_default_timeout(20_000)
            try:
                yield context
            finally:
                context.close()
            assert cookies != "stripped" or proxy.stripped > 0, "the tool set no cookie to strip"

    return opened


def _set_rule(profile: Path, *, blocked: bool) -> None:
    folder = profile / "Default"
    folder.mkdir(parents=True)
    rule = {"block_third_party_cookies": blocked, "cookie_controls_mode": 1 if blocked else 0}
    (folder / "Preferences").write_text(json.dumps({"profile": rule}))
