"""The same launches in Firefox, where it is installed: its ways with third-party cookies."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from demo_lms import faults
from tests.launch import firefox
from tests.launch.conftest import Place
from tests.launch.firefox import Firefox

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(firefox.PROGRAM is None, reason="Firefox is not installed here"),
]

COOKIES = {"allowed": 0, "default": 5, "blocked": 1}
"""network.cookie.cookieBehavior: of other sites all, apart for each LMS, none but partitioned."""
SECONDS = 60


@pytest.fixture
def open_link(place: Place, tmp_path: Path) -> Iterator[Callable[..., Firefox]]:
    """`open_link(rule)`: Firefox at the link, its tool in a frame. With "nothing" the person has
    forbidden the tool's site to keep anything, anywhere."""
    with ExitStack() as opened:

        def open_link(rule: str, storage: str = "") -> Firefox:
            faults.set_faults(place.platform.store, platform_storage=storage)
            behavior = {"network.cookie.cookieBehavior": COOKIES.get(rule, COOKIES["default"])}
            browser = opened.enter_context(Firefox(tmp_path, behavior))
            if rule == "nothing":
                browser.forbid_storage(place.tool)
            browser.go(place.link)
            return browser

        yield open_link


def see(browser: Firefox, words: str, frame: str | None = "tool") -> None:
    """Wait for words in the tool's frame, or in the window at hand."""
    deadline, said = time.monotonic() + SECONDS, ""
    while words not in said:
        assert time.monotonic() < deadline, f"{words!r} did not come: {said}"
        time.sleep(0.2)
        try:
            if frame:
                browser.enter_frame(frame)
            said = browser.text()
        except RuntimeError:
            said = ""  # the page at hand is just going


TOOL = "There are no materials"


@pytest.mark.parametrize("rule", COOKIES)
def test_the_tool_opens(rule: str, open_link: Callable[..., Firefox]):
    see(open_link(rule), TOOL)


def test_where_nothing_is_kept_the_platform_keeps_it(open_link: Callable[..., Firefox]):
    see(open_link("nothing", faults.FORWARDING_FRAME), TOOL)


def test_where_nobody_keeps_anything_the_page_says_what_to_do(open_link: Callable[..., Firefox]):
    browser = open_link("nothing")
    see(browser, "Your browser keeps nothing for this page")
    before = browser.windows()
    browser.click("Open in a new window")
    deadline = time.monotonic() + SECONDS
    while len(windows := browser.windows()) == len(before):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    browser.switch_to(next(one for one in windows if one not in before))
    see(browser, "Allow cookies for this site", frame=None)


def test_back_and_forward_never_leave_a_blank_frame(
    place: Place, open_link: Callable[..., Firefox]
):
    """Which step of the sign-in the browser goes back to is up to it: each shows something."""
    browser = open_link("default")
    browser.go(place.platform.settings.issuer)
    browser.go(place.link)
    see(browser, TOOL)
    for way in ("Back", "Forward"):
        browser("WebDriver:SwitchToFrame", id=None)
        browser(f"WebDriver:{way}")
        see_words(browser)
    browser.go(place.link)
    see(browser, TOOL)


def see_words(browser: Firefox) -> None:
    """The course page, or words in the frame that are more than those of a page on the way."""
    deadline, said = time.monotonic() + SECONDS, ""
    while not said.strip() or said.strip().startswith("Opening"):
        assert time.monotonic() < deadline, f"nothing is shown: {said!r}"
        time.sleep(0.2)
        try:
            browser("WebDriver:SwitchToFrame", id=None)
            said = browser.text()
            if "Activities" not in said:
                browser.enter_frame("tool")
                said = browser.text()
        except RuntimeError:
            said = ""  # the page at hand is just going
    assert "Traceback" not in said
