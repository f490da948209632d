"""The launch's two pages and life without cookies."""

from pathlib import Path

import pytest

from tests.browsers import comes_true
from tests.frontend.conftest import Opening
from tests.frontend.site import SID, TOKEN, Serving, Site

EVERYTHING = "cookies sessionStorage localStorage"


@pytest.mark.parametrize(
    "without",
    [
        "",
        "cookies",
        "cookies sessionStorage",
        "cookies localStorage",
        "sessionStorage localStorage",
    ],
)
def test_login_goes_on_and_finish_becomes_the_shell(
    visit: Opening, site: Site, without: str
) -> None:
    site.cookies_needed = False
    visiting = visit("/lti/login", without=without, ready="#q")
    page = visiting.page
    assert page.url.endswith(f"/s/{SID}/tutor")
    assert page.title() == "Tutor"
    assert site.finish["secret"] == "secret-b"
    if not without:
        assert page.evaluate("localStorage.length") == 0, "the secret is gone after use"
        assert page.evaluate("document.cookie") == ""
    assert visiting.complaints == []


def test_where_nothing_holds_the_secret_the_launch_stops(visit: Opening, site: Site) -> None:
    page = visit(
        "/lti/login", without=EVERYTHING, ready="h1:visible:has-text('keeps nothing')"
    ).page
    assert page.url.endswith("/lti/login")
    assert site.finish == {}
    assert page.get_by_text("Allow cookies for this site").is_visible()
    link = page.get_by_role("link", name="Open in a new window")
    assert link.count() == 0, "in a window another window helps nobody"


def test_what_a_sign_in_before_left_behind_goes_once_it_has_run_out(
    visit: Opening, site: Site
) -> None:
    site.cookies_needed = False
    visit("/lti/login", ready="#q").page.evaluate(
        """Object.assign(localStorage, {
             "lti.old": "secret 1", "lti.odd": "secret", "lti.new": `secret ${Date.now() + 6e5}`,
             "another": "thing",
           })"""
    )
    page = visit("/lti/login", ready="#q").page
    assert sorted(page.evaluate("Object.keys(localStorage)")) == ["another", "lti.new"]


def test_in_a_frame_a_new_window_is_offered(visit: Opening) -> None:
    page = visit("/lms?frame=/lti/login", without=EVERYTHING).page
    frame = page.frame_locator("iframe")
    link = frame.get_by_role("link", name="Open in a new window")
    link.wait_for()
    assert link.get_attribute("target") == "_blank"
    assert "top=1" in (link.get_attribute("href") or "")


def test_without_the_secret_the_sign_in_is_refused(visit: Opening, site: Site) -> None:
    page = visit("/platform/auth", ready="h1:visible:has-text('blocked the sign-in')").page
    assert "R-403" in page.inner_text("main")
    assert site.finish["secret"] == ""
    assert site.finish["stores"] == {
        "cookie": "empty",
        "sessionStorage": "empty",
        "localStorage": "empty",
    }
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_without_script_the_login_page_leads_on(visit: Opening) -> None:
    page = visit("/lti/login", script=False).page
    assert page.get_attribute("text=Continue", "href") == "/platform/auth?state=S1"


@pytest.fixture
def shell(visit: Opening, site: Site) -> Opening:
    """A session that holds its token in the page."""
    site.cookies_needed = False

    def opened(without: str = "cookies", **more: int) -> object:
        return visit("/lti/login", without=without, ready="#q", **more)

    return opened  # type: ignore[return-value]


def test_every_movement_carries_the_token(shell: Opening, site: Site) -> None:
    page = shell(without=EVERYTHING.replace("localStorage", "")).page
    page.click("nav >> text=Practice")
    page.wait_for_selector("h1:has-text('Practice')")
    page.check("input[name=answer][value=b]")
    page.click("text=Check answer")
    page.wait_for_selector("text=Your answer is kept.")
    page.go_back()
    page.wait_for_selector("#answer-form")
    page.wait_for_load_state("networkidle")
    page.go_back()
    page.wait_for_selector("#q")
    page.go_forward()
    page.wait_for_selector("#answer-form")
    assert all(seen["bearer"] and not seen["cookie"] for seen in site.seen)


def test_the_pdf_is_read_with_the_token(shell: Opening, site: Site) -> None:
    site.with_picture = True
    visiting = shell()
    visiting.page.wait_for_selector(".cl-crop canvas")
    visiting.page.click("#cite")
    visiting.page.wait_for_selector("#source .cl-reader canvas")
    files = [seen for seen in site.seen if seen["path"].endswith("/file")]
    assert files
    assert all(seen["bearer"] for seen in files)
    assert visiting.complaints == []


def test_a_stream_and_a_download_carry_the_token(shell: Opening, site: Site) -> None:
    page = shell().page
    with page.expect_download() as download:
        page.click("text=Take it along")
    assert download.value.suggested_filename == "Report.csv"
    assert Path(download.value.path()).read_text() == "a,b\n1,2\n"
    assert site.seen[-1]["bearer"]


def test_a_reload_continues_where_the_token_is_kept(shell: Opening, site: Site) -> None:
    page = shell().page
    page.click("nav >> text=Practice")
    page.wait_for_selector("#answer-form")
    page.reload()
    page.wait_for_selector("#answer-form")
    assert page.url.endswith("/s/visit1/practice")


def test_a_reload_without_storage_shows_nothing_of_the_course(shell: Opening) -> None:
    page = shell(without="cookies sessionStorage").page
    page.reload()
    page.wait_for_selector("h1:has-text('Open it again from your course')")
    assert "list" not in page.inner_text("body")


def test_a_token_that_has_ended_ends_in_the_data_free_page(shell: Opening, site: Site) -> None:
    page = shell().page
    page.evaluate("sessionStorage.setItem('bearer.visit1', 'ended')")
    page.reload()
    page.wait_for_selector("h1:has-text('Open it again from your course')")
    comes_true(page, "sessionStorage.getItem('bearer.visit1') === null")
    assert TOKEN not in page.content()


def test_in_a_frame_of_another_site_all_works_without_the_servers_cookies(
    visit: Opening, site: Site, serving: Serving
) -> None:
    """localhost in a page of 127.0.0.1: the browser blocks third-party cookies and storage."""
    site.cookies_needed, site.with_picture = False, True
    page = visit("/lms").page
    page.goto(serving.url.replace("localhost", "127.0.0.1") + f"/lms?frame={serving.url}/lti/login")
    frame = page.frame_locator("iframe")
    frame.locator(".cl-crop canvas").wait_for()
    frame.locator("#cite").press("Enter")
    frame.locator("#source .cl-reader canvas").wait_for()
    frame.locator("#source-close").press("Enter")
    frame.locator("nav >> text=Practice").click()
    frame.locator("#answer-form").wait_for()
    page.evaluate("history.back()")
    frame.locator("#q").wait_for()
    assert page.frames[1].url == f"{serving.url}/s/{SID}/tutor"
    assert all(seen["bearer"] and not seen["cookie"] for seen in site.seen)
