"""Launches in a real browser, the tool in a frame of another site: whatever the browser keeps or
refuses, each ends in the tool or in a page that says what to do (docs/browsers.md).
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from playwright.sync_api import (
    Frame,
    FrameLocator,
    Locator,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from demo_lms import faults
from tests.browsers import AXE, of_people
from tests.launch.conftest import Place

pytestmark = pytest.mark.journey
expect.set_options(timeout=30_000)

STORAGES = {"not offered": "", "page": "_parent", "frame": faults.FORWARDING_FRAME}


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


Opening = Callable[[str], Page]


@pytest.fixture
def open_page(playwright: Playwright, place: Place, tmp_path: Path) -> Iterator[Opening]:
    """`open_page(rule)`: a page of a fresh profile with that rule of the browser's own settings.

    "allowed" · "blocked": cookies of other sites · "frame": in the LMS's pages the tool may keep
    nothing at all · "nothing": the tool may keep nothing anywhere.
    """
    with ExitStack() as contexts:

        def opened(rule: str) -> Page:
            profile = Path(mkdtemp(dir=tmp_path))
            context = contexts.enter_context(of_people(playwright, profile, _rule(rule, place)))
            context.set_default_timeout(30_000)
            return context.new_page()

        yield opened


def _rule(rule: str, place: Place) -> dict[str, Any]:
    blocked = {
        "frame": f"{place.tool},{place.platform.settings.issuer}",
        "nothing": f"{place.tool},*",
    }
    settings: dict[str, Any] = {
        "block_third_party_cookies": rule == "blocked",
        "cookie_controls_mode": 1 if rule == "blocked" else 0,
    }
    if pattern := blocked.get(rule):
        settings["content_settings"] = {"exceptions": {"cookies": {pattern: {"setting": 2}}}}
    return settings


def tool_frame(page: Page) -> Frame:
    """The tool's frame, as it is now."""
    frame = page.frame(name="tool")
    assert frame is not None
    return frame


def see_tool(page: Page | FrameLocator) -> None:
    expect(page.get_by_label("Your question")).to_be_visible()


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("rule", ["allowed", "blocked"])
def test_with_and_without_third_party_cookies_the_tool_opens(
    rule: str, storage: str, place: Place, open_page: Opening
):
    faults.set_faults(place.platform.store, platform_storage=STORAGES[storage])
    page = open_page(rule)
    page.goto(place.link)
    see_tool(page.frame_locator("iframe[name=tool]"))


@pytest.mark.parametrize("storage", ["page", "frame"])
@pytest.mark.parametrize("rule", ["frame", "nothing"])
def test_where_the_browser_keeps_nothing_the_platform_does(
    rule: str, storage: str, place: Place, open_page: Opening
):
    faults.set_faults(place.platform.store, platform_storage=STORAGES[storage])
    page = open_page(rule)
    page.goto(place.link)
    see_tool(page.frame_locator("iframe[name=tool]"))
    assert page.evaluate("Object.keys(localStorage)") == [], "the secret is gone after use"


def test_where_nobody_keeps_anything_a_new_window_opens_the_tool(place: Place, open_page: Opening):
    page = open_page("frame")
    page.goto(place.link)
    frame = page.frame_locator("iframe[name=tool]")
    expect(frame.get_by_role("heading", name="Your browser keeps nothing")).to_be_visible()
    with page.expect_popup() as popup:
        frame.get_by_role("link", name="Open in a new window").click()
    see_tool(popup.value)


def test_where_not_even_a_window_keeps_anything_the_page_says_what_to_do(
    place: Place, open_page: Opening
):
    page = open_page("nothing")
    page.goto(place.link)
    frame = page.frame_locator("iframe[name=tool]")
    with page.expect_popup() as popup:
        frame.get_by_role("link", name="Open in a new window").click()
    heading = popup.value.get_by_role("heading", name="Your browser keeps nothing")
    expect(heading).to_be_visible()
    expect(popup.value.get_by_text("Allow cookies for this site")).to_be_visible()


SHUT_OUT = {"allowed": "", "frame": "_parent"}
"""A session with cookies, and one whose page holds its token and nothing else."""


def headings(page: Page) -> Locator:
    """What a person sees first in the tool's frame: never nothing, never a stack trace."""
    return page.frame_locator("iframe[name=tool]").get_by_role("heading", level=1)


def see_words(frame: FrameLocator) -> None:
    """Words of ours, of the LMS's or of the browser's own, and no stack trace; at the end of the
    way, since each page on it says "Opening" and goes on."""
    expect(frame.locator("body")).to_have_text(re.compile(r"^(?!\s*Opening)[\s\S]*\w"))
    expect(frame.locator("body")).not_to_contain_text("Traceback")


def see_something(page: Page) -> None:
    frame = page.frame_locator("iframe[name=tool]")
    expect(headings(page).or_(frame.get_by_label("Your question")).first).to_be_visible()
    see_words(frame)


@pytest.mark.parametrize("rule", SHUT_OUT)
def test_reload_and_back_never_leave_a_blank_frame(rule: str, place: Place, open_page: Opening):
    faults.set_faults(place.platform.store, platform_storage=SHUT_OUT[rule])
    page = open_page(rule)
    page.goto(f"{place.platform.settings.issuer}/?as=teacher")
    page.get_by_role("link", name="Course tutor", exact=True).click()
    frame = page.frame_locator("iframe[name=tool]")
    see_tool(frame)

    tool_frame(page).evaluate("location.reload()")
    see_something(page)
    if rule == "allowed":
        see_tool(frame)
    else:
        expect(headings(page)).to_have_text("Open it again from your course")

    page.reload()
    see_tool(frame)
    frame.get_by_role("link", name="Materials").click()
    expect(headings(page)).to_have_text("Materials")
    page.evaluate("history.back()")
    see_tool(frame)
    page.evaluate("history.forward()")
    expect(headings(page)).to_have_text("Materials")


@pytest.mark.parametrize("rule", SHUT_OUT)
@pytest.mark.parametrize("width", [320, 1280])
def test_the_menu_of_the_lms_leads_to_what_is_kept(
    width: int, rule: str, place: Place, open_page: Opening
):
    """LTI's data privacy launch, by a student; it fits, and axe finds nothing in light and dark."""
    faults.set_faults(place.platform.store, platform_storage=SHUT_OUT[rule])
    page = open_page(rule)
    complaints: list[str] = []
    page.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{place.platform.settings.issuer}/?as=student-1")
    page.get_by_role("link", name="Your data").click()
    expect(headings(page)).to_have_text("What CourseLLM keeps")
    frame = tool_frame(page)
    assert frame.locator(".cl-tabs a").count() == 0, "it belongs to no course"
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    frame.evaluate(AXE.read_text())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = frame.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    assert complaints == []


def test_a_launch_posted_again_is_told_so(place: Place, open_page: Opening):
    """The browser is made to send the launch's form once more."""
    page = open_page("allowed")
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.post_data or "") if _is_launch(one) else None)
    page.goto(place.link)
    see_tool(page.frame_locator("iframe[name=tool]"))
    script = """([action, body]) => {
      const form = document.createElement("form");
      Object.assign(form, { action, method: "post", target: "tool" });
      for (const [name, value] of new URLSearchParams(body)) {
        form.append(Object.assign(document.createElement("input"), { name, value }));
      }
      document.body.append(form);
      form.submit();
    }"""
    page.evaluate(script, [f"{place.tool}/lti/launch", sent[0]])
    frame = page.frame_locator("iframe[name=tool]")
    expect(frame.get_by_text("This was already opened")).to_be_visible()
    see_something(page)


def _is_launch(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/lti/launch")


@pytest.mark.parametrize("rule", SHUT_OUT)
def test_a_double_click_opens_the_tool(rule: str, place: Place, open_page: Opening):
    faults.set_faults(place.platform.store, platform_storage=SHUT_OUT[rule])
    page = open_page(rule)
    page.goto(f"{place.platform.settings.issuer}/?as=student-1")
    page.get_by_role("link", name="Course tutor", exact=True).dblclick()
    see_tool(page.frame_locator("iframe[name=tool]"))


def test_a_frame_that_is_loaded_again_in_the_middle_opens_the_tool(
    place: Place, open_page: Opening
):
    """Impatience: four launches begun on each other's heels."""
    page = open_page("allowed")
    page.goto(place.link)
    for _ in range(3):
        page.evaluate("frames.tool.location.replace(document.querySelector('iframe').src)")
    see_tool(page.frame_locator("iframe[name=tool]"))
