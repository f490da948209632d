"""The launch's pages and who keeps the secret where the browser does not: the platform by
postMessage (lti-pm-s v0p1), a window of Canvas's, the browser after a click (Storage Access).

A page of 127.0.0.1 is the LMS round the tool of localhost; its script is the test's.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page

from tests.browsers import comes_true
from tests.frontend.conftest import Opening
from tests.frontend.site import Serving, Site

EVERYTHING = "cookies sessionStorage localStorage"

HONEST = """
  addEventListener("message", ({ source, origin, data }) => {
    const { subject, message_id, key, value } = data;
    seen.push({ ...data, origin });
    if (subject === "lti.put_data") kept[key] = value;
    const answer = { subject: `${subject}.response`, message_id, key, value: kept[key] };
    source.postMessage(answer, origin);
  });
"""
SILENT = "addEventListener('message', ({ data }) => seen.push(data));"
REFUSING = HONEST.replace("key, value: kept[key]", 'error: { code: "storage_exhaustion" }')
ANOTHER_ID = HONEST.replace("message_id, key, value: kept", 'message_id: "other", key, value: kept')
ANOTHER_SUBJECT = HONEST.replace("${subject}.response", "lti.capabilities.response")

Framed = Callable[..., tuple[Page, FrameLocator]]


@pytest.fixture
def lms(serving: Serving) -> str:
    return serving.url.replace("localhost", "127.0.0.1")


@pytest.fixture
def framed(visit: Opening, site: Site, serving: Serving, lms: str) -> Framed:
    """`framed(script)`: the login in the frame of an LMS whose page runs that script."""
    site.cookies_needed = False
    site.storage_target, site.storage_origin = "_parent", lms

    def opened(
        script: str = HONEST,
        *,
        path: str = "/lti/login",
        without: str = EVERYTHING,
        everywhere: str = "",
    ) -> tuple[Page, FrameLocator]:
        page = visit("/lms", without=without).page
        page.add_init_script(
            f"if (window === top) {{ window.seen = []; window.kept = {{}}; {script} }} {everywhere}"
        )
        page.goto(f"{lms}/lms?frame={serving.url}{path}")
        return page, page.frame_locator("iframe").first

    return opened


def seen(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("seen")
    return found


def see_stop(tool: FrameLocator) -> None:
    tool.get_by_role("link", name="Open in a new window").wait_for()


def test_the_platform_keeps_the_secret_and_gives_it_back(
    framed: Framed, site: Site, serving: Serving
) -> None:
    page, tool = framed()
    tool.locator("#q").wait_for()
    assert site.finish["secret"] == "secret-b"
    assert site.finish["stores"] == {
        "cookie": "empty",
        "sessionStorage": "blocked",
        "localStorage": "blocked",
        "platform": "found",
    }
    comes_true(page, "kept['lti.S1'] === null")  # deleted after use
    kinds = [one["subject"] for one in seen(page)]
    assert list(dict.fromkeys(kinds)) == ["lti.put_data", "lti.get_data"]
    assert {one["key"] for one in seen(page)} == {"lti.S1"}
    assert {one["origin"] for one in seen(page)} == {serving.url}
    assert len({one["message_id"] for one in seen(page)}) == 3


@pytest.mark.parametrize("script", [SILENT, REFUSING, ANOTHER_ID, ANOTHER_SUBJECT])
def test_a_platform_that_keeps_nothing(script: str, framed: Framed, site: Site) -> None:
    """No answer within a second, a refusal, an answer to something else: the login stops."""
    page, tool = framed(script)
    see_stop(tool)
    assert seen(page) and site.finish == {}


def test_the_secret_goes_to_the_registered_origin_alone(framed: Framed, site: Site) -> None:
    site.storage_origin = "https://sso.canvaslms.com"
    page, tool = framed()
    see_stop(tool)
    assert seen(page) == []


def test_an_answer_of_another_origin_is_not_believed(framed: Framed, serving: Serving) -> None:
    """Somebody else's frame answers first, and knows the right message_id."""
    telling = """
      addEventListener("message", ({ data }) => {
        seen.push(data);
        frames[1]?.postMessage(data, "*");
      });
      addEventListener("load", () => {
        const other = document.createElement("iframe");
        other.src = "SITE/lms?forger";
        document.body.append(other);
      });
    """.replace("SITE", serving.url)
    forging = """
      if (location.search === "?forger") addEventListener("message", ({ data }) => {
        const { subject, message_id, key } = data;
        const forged = { subject: `${subject}.response`, message_id, key, value: "secret-b" };
        parent.frames[0].postMessage(forged, "*");
        parent.postMessage({ subject: "was forged" }, "*");
      });
    """
    page, tool = framed(telling, everywhere=forging)
    see_stop(tool)
    assert "was forged" in [one["subject"] for one in seen(page)]


@pytest.mark.parametrize("name", ["gone", "location", "close", "__proto__"])
def test_a_frame_that_cannot_be_reached_leaves_the_page_round_it(
    name: str, framed: Framed, site: Site
) -> None:
    site.storage_target = name
    _, tool = framed()
    tool.locator("#q").wait_for()
    assert site.finish["stores"]["platform"] == "found"


def test_a_frame_that_is_late_is_asked_again(framed: Framed, site: Site) -> None:
    """Until it listens, what is meant for it is lost: three times here."""
    late = HONEST.replace(
        "seen.push({ ...data, origin });",
        "seen.push({ ...data, origin }); if (seen.length < 4) return;",
    )
    page, tool = framed(late)
    tool.locator("#q").wait_for()
    assert len(seen(page)) >= 5


def test_where_a_cookie_stands_the_platform_keeps_nothing(framed: Framed, site: Site) -> None:
    page, tool = framed(without="sessionStorage localStorage")
    tool.locator("#q").wait_for()
    assert site.finish["stores"]["cookie"] == "found"
    assert "lti.get_data" not in [one["subject"] for one in seen(page)]
    assert all(one.get("value") is None for one in seen(page))


def test_canvas_is_asked_for_a_window(framed: Framed, site: Site, serving: Serving) -> None:
    site.full_window = {
        "subject": "requestFullWindowLaunch",
        "data": {
            "url": f"{serving.url}/lti/launch",
            "placement": "course_navigation",
            "launchType": "new_window",
        },
    }
    page, tool = framed(SILENT, path="/platform/auth")
    tool.get_by_role("button", name="Open in a new window").click()
    comes_true(page, "seen.some(({ subject }) => subject === 'requestFullWindowLaunch')")
    assert seen(page)[-1] == site.full_window


@pytest.mark.parametrize("full_window", [None, {"subject": "requestFullWindowLaunch"}])
@pytest.mark.parametrize("path", ["/lti/login", "/platform/auth"])
def test_axe_finds_nothing_whatever_is_said(
    path: str, full_window: dict[str, Any] | None, visit: Opening, site: Site
) -> None:
    """With every part of the page unfolded at once, in the light and in the dark, on a phone."""
    site.full_window = full_window
    visiting = visit(path, without=EVERYTHING, ready="h1:visible", width=320, height=640)
    page = visiting.page
    page.wait_for_selector("h1:visible:has-text('Your browser')")
    page.evaluate(
        "document.querySelectorAll('main [hidden]').forEach(one => { one.hidden = false; })"
    )
    assert visiting.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


STORAGE_ACCESS = """
  if (window !== top) {
    // A browser that gives a frame its storage after a click, and then for the pages that follow.
    const state = { granted: false, kept: {}, ...JSON.parse(window.name || "{}") };
    const save = () => { window.name = JSON.stringify(state); };
    let has = false;
    const storage = {
      setItem(key, value) { state.kept[key] = value; save(); },
      getItem: (key) => state.kept[key] ?? null,
      removeItem(key) { delete state.kept[key]; save(); },
    };
    const blocked = () => { throw new DOMException("blocked", "SecurityError"); };
    Object.defineProperty(window, "localStorage", { get: () => has ? storage : blocked() });
    document.hasStorageAccess = async () => has;
    document.requestStorageAccess = async () => {
      if (window.refuses || !(state.granted || navigator.userActivation.isActive)) blocked();
      has = state.granted = true;
      save();
    };
    navigator.permissions.query = async () => ({ state: state.granted ? "granted" : "prompt" });
  }
"""


def test_the_browser_gives_its_storage_back_after_a_click(framed: Framed, site: Site) -> None:
    _, tool = framed(SILENT, without="cookies sessionStorage", everywhere=STORAGE_ACCESS)
    button = tool.get_by_role("button", name="Allow storage and go on")
    button.wait_for()
    assert site.finish == {}
    button.click()
    tool.locator("#q").wait_for()
    assert site.finish["secret"] == "secret-b"
    assert site.finish["stores"]["localStorage"] == "found"


def test_a_browser_that_gives_nothing_back(framed: Framed, site: Site) -> None:
    refusing = f"window.refuses = true; {STORAGE_ACCESS}"
    _, tool = framed(SILENT, without="cookies sessionStorage", everywhere=refusing)
    tool.get_by_role("button", name="Allow storage and go on").click()
    tool.get_by_role("alert").get_by_text("Your browser did not allow it").wait_for()
    see_stop(tool)
    assert site.finish == {}


def test_in_a_window_of_its_own_there_is_nothing_to_give_back(visit: Opening) -> None:
    page = visit(
        "/lti/login", without=EVERYTHING, ready="h1:visible:has-text('keeps nothing')"
    ).page
    assert not page.get_by_role("button", name="Allow storage and go on").is_visible()
