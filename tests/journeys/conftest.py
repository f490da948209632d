"""Browsers as students and teachers have them: cookies allowed, blocked, or stripped on the way."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from tests.browsers import of_people
from tests.journeys.stripping_proxy import StrippingProxy
from tests.stack import Stack

OpenBrowser = Callable[[str, str], AbstractContextManager[BrowserContext]]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Not for the whole run: while it is open, no other test can have an event loop."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def open_browser(playwright: Playwright, stack: Stack, tmp_path: Path) -> OpenBrowser:
    """`open_browser(person, "allowed" | "blocked" | "stripped")`: a fresh profile of that person,
    with that rule for cookies of other sites. The tool (localhost) and the LMS (127.0.0.1) are two.
    """

    @contextmanager
    def opened(person: str, cookies: str) -> Iterator[BrowserContext]:
        profile, blocked = tmp_path / f"{person}-{cookies}", cookies == "blocked"
        rule = {"block_third_party_cookies": blocked, "cookie_controls_mode": int(blocked)}
        with StrippingProxy(stack.url.removeprefix("http://")) as proxy:
            by_proxy = {"proxy": {"server": proxy.address, "bypass": "<-loopback>"}}
            options = by_proxy if cookies == "stripped" else {}
            with of_people(playwright, profile, rule, **options) as context:
                context.set_default_timeout(20_000)
                yield context
            assert cookies != "stripped" or proxy.stripped > 0, "the tool set no cookie to strip"

    return opened
