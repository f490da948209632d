"""The page frame: boosted pages, forms, failures, waiting, confirmation, display, accessibility."""

import pytest

from tests.frontend.conftest import Opening
from tests.frontend.site import CSRF, Site


def test_links_change_the_page_in_place_and_the_way_back_works(visit: Opening) -> None:
    visiting = visit()
    page = visiting.page
    page.evaluate("window.here = true")
    page.click("nav >> text=Practice")
    page.wait_for_selector("h1:has-text('Practice: list references')")
    assert page.evaluate("window.here")
    assert page.url.endswith("/s/visit1/practice")
    assert page.title() == "Practice"
    assert page.evaluate("document.activeElement.textContent") == "Practice: list references"
    page.go_back()
    page.wait_for_selector("#q")
    assert page.evaluate("window.here")
    assert page.url.endswith("/s/visit1/tutor")
    assert visiting.complaints == []


def test_a_form_with_errors_is_shown_and_enters_no_history(visit: Opening) -> None:
    page = visit("/enter?to=/s/visit1/practice").page
    before = page.evaluate("history.length")
    page.click("text=Check answer")
    page.wait_for_selector("text=Choose an answer first.")
    assert page.evaluate("history.length") == before
    page.check("input[name=answer][value=b]")
    page.click("text=Check answer")
    page.wait_for_selector("text=Your answer is kept.")
    assert page.url.endswith("answered=1")


def test_a_form_works_without_script(visit: Opening) -> None:
    page = visit("/enter?to=/s/visit1/practice", script=False).page
    assert page.get_attribute("input[name=csrf_token]", "value") == CSRF
    page.check("input[name=answer][value=b]")
    page.click("text=Check answer")
    assert page.url.endswith("answered=1")


def test_a_failed_part_leaves_the_page_and_offers_one_action(visit: Opening) -> None:
    page = visit().page
    page.click("#try")
    page.wait_for_selector(".cl-error >> text=The list is not there yet. Reference: R-500.")
    assert page.locator(".cl-error button").count() == 1
    assert page.is_visible("#ask")
    page.click(".cl-error >> text=Try again")
    page.wait_for_selector("text=Here it is.")
    assert page.locator(".cl-error").count() == 0


def test_a_lost_connection_is_said_and_can_be_tried_again(visit: Opening) -> None:
    page = visit().page
    page.fill("#ask", "A long question")
    page.context.set_offline(True)
    page.click("nav >> text=Practice")
    page.wait_for_selector(".cl-error >> text=could not be reached")
    assert page.input_value("#ask") == "A long question"
    page.context.set_offline(False)
    page.click(".cl-error >> text=Try again")
    page.wait_for_selector("h1:has-text('Practice')")


def test_a_slow_request_shows_that_it_goes_on(visit: Opening, site: Site) -> None:
    page = visit().page
    page.click("#slowly")
    page.wait_for_selector(".cl-wait:not([hidden])")
    site.slow_ends.set()
    page.wait_for_selector("text=At last.")
    page.wait_for_selector(".cl-wait", state="hidden")


def test_a_destructive_act_asks_first(visit: Opening) -> None:
    page = visit("/enter?to=/s/visit1/practice").page
    page.click("summary >> text=Delete")
    dialog = page.get_by_role("dialog", name="Delete this question?")
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.click("summary >> text=Delete")
    page.click("dialog >> text=Delete question")
    page.wait_for_selector("text=The question is deleted.")
    assert page.locator("dialog").count() == 0


def test_a_destructive_act_unfolds_without_script(visit: Opening) -> None:
    page = visit("/enter?to=/s/visit1/practice", script=False).page
    page.click("summary >> text=Delete")
    page.click("text=Delete question")
    assert page.url.endswith("deleted=1")


@pytest.mark.parametrize("without", ["", "sessionStorage localStorage"])
def test_theme_and_text_size_are_kept_where_that_is_possible(visit: Opening, without: str) -> None:
    page = visit(without=without).page
    page.click("[popovertarget]")
    page.check("input[name=theme][value=dark]")
    page.check("input[name=text][value=larger]")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 21
    page.keyboard.press("Escape")
    page.click("nav >> text=Practice")
    page.wait_for_selector("h1:has-text('Practice')")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-bs-theme") == ("dark" if not without else None)


def test_language_and_direction_follow_a_boosted_page(visit: Opening) -> None:
    page = visit().page
    page.evaluate("document.querySelector('nav a[href$=practice]').href += '?dir=rtl&lang=ar'")
    page.click("nav >> text=Practice")
    page.wait_for_selector("h1:has-text('Practice')")
    assert (page.get_attribute("html", "dir"), page.get_attribute("html", "lang")) == ("rtl", "ar")
    assert "rtl" in (page.get_attribute("link[rel=stylesheet]", "href") or "")


@pytest.mark.parametrize(
    "path",
    [
        "/s/visit1/tutor",
        "/s/visit1/practice",
        "/s/visit1/practice?dir=rtl",
        "/s/visit1/source?page=2",
        "/s/visit1/source?page=2&view=text",
        "/s/visit1/fail",
        "/platform/auth",
    ],
)
def test_axe_finds_nothing(visit: Opening, site: Site, path: str) -> None:
    site.with_picture = True
    visiting = visit(f"/enter?to={path}".replace("&", "%26"), width=760, ready="main h1:visible")
    if "page" in path or "tutor" in path:
        visiting.page.wait_for_selector("canvas, mark")
    background = "getComputedStyle(document.body).backgroundColor"
    light = visiting.page.evaluate(background)
    assert visiting.violations() == []
    assert visiting.page.evaluate(background) != light, "seen in the dark too"


@pytest.mark.parametrize(
    "path", ["/s/visit1/tutor", "/s/visit1/practice", "/s/visit1/source?page=2", "/lti/login"]
)
def test_nothing_is_wider_than_320_pixels(visit: Opening, site: Site, path: str) -> None:
    site.with_picture = True
    page = visit(f"/enter?to={path}", width=320, height=640, ready="main").page
    page.wait_for_timeout(300)
    for font in (16, 32):
        page.evaluate(f"document.documentElement.style.fontSize = '{font}px'")
        page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_downloads_come_with_the_cookie(visit: Opening, site: Site) -> None:
    page = visit().page
    with page.expect_download() as download:
        page.click("text=Take it along")
    assert download.value.suggested_filename == "Report.csv"
