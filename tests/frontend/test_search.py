"""Search and the reader's hits in a real browser, served by the tool itself."""

import re
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.materials.files.storage import storage
from models import Course, CourseMaterial, CourseRole
from tests.browsers import comes_true
from tests.frontend.conftest import Opening, Visit
from tests.helpers import Visitor, enter
from tests.materials import makers
from tests.materials.conftest import Add, add, course, read

__all__ = ["add", "course", "read"]  # fixtures

FILLER = "\n".join(f"Line {n} of this page is about the weather." for n in range(20))
BOOK = makers.pdf(
    [
        f"Photosynthesis\n{FILLER}\nPlants make sugar from light, water and air.",
        f"Respiration\n{FILLER}\nCells free the energy of sugar.",
        f"Osmosis\n{FILLER}\nWater moves through a membrane towards more salt.",
    ]
)
NOTES = b"# Cells\n\n## Membranes\n\nA membrane lets water through and holds salt back.\n"
TALK = (
    b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n\n"
    b"12:40.000 --> 12:44.000\nSalt draws water through the membrane.\n"
)
HITS = 4
SEARCH = "materials/search?q=water+membrane+salt"
Enter = Callable[..., Visit]


@pytest.fixture
def files(read: Add) -> dict[str, uuid.UUID]:
    return {
        "book": read("Cell book.pdf", BOOK),
        "notes": read("Notes.md", NOTES),
        "talk": read("Talk.vtt", TALK),
    }


@pytest.fixture
def student(app: Flask, session: Session, course: Course) -> Visitor:
    return enter(app, session, course, CourseRole.STUDENT)


@pytest.fixture
def come(tool: str, visit: Opening, let_in: Callable[[Visitor], None], student: Visitor) -> Enter:
    """Opens a page of the student's."""

    def come(path: str = SEARCH, **how: object) -> Visit:
        let_in(student)
        return visit(tool + student.url(path), **how)

    return come


def hit(page: Page) -> str:
    return page.inner_text("#source-hit")


def test_results_come_in_place_are_heard_and_have_an_address(
    come: Enter, files: dict[str, uuid.UUID]
) -> None:
    visiting = come("materials/search")
    page = visiting.page
    page.evaluate("window.sameDocument = true")
    page.fill("#search", "water membrane salt")
    page.keyboard.press("Enter")
    expect(page.locator(".cl-hit")).to_have_count(HITS)
    expect(page.locator("[role=status]")).to_contain_text("4 passages for “water membrane salt”")
    assert "q=water" in page.url and page.input_value("#search") == "water membrane salt"
    assert page.evaluate("document.activeElement.id") == "search"
    page.fill("#search", "zebras")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_contain_text("Nothing in the materials is near “zebras”")
    page.go_back()
    expect(page.locator(".cl-hit")).to_have_count(HITS)
    assert page.input_value("#search") == "water membrane salt"
    assert page.evaluate("window.sameDocument"), "no page was loaded anew"
    assert visiting.complaints == []


def test_the_hits_are_gone_through_by_keyboard_and_heard(
    come: Enter, files: dict[str, uuid.UUID]
) -> None:
    visiting = come()
    page = visiting.page
    titles = page.locator(".cl-hit h2").all_inner_texts()
    page.focus(".cl-hit a >> nth=0")
    page.keyboard.press("Enter")
    expect(page.locator("#source-hit")).to_have_text("Hit 1 of 4")
    expect(page.locator("#source-hit-previous")).to_have_count(0)
    for number in (2, 3, 4):
        page.keyboard.press("n")
        expect(page.locator("#source-hit")).to_have_text(f"Hit {number} of 4")
        title = page.inner_text("#source-h")
        assert titles[number - 1].startswith(title)
        said = page.locator("[role=status]")
        expect(said).to_contain_text(f"Hit {number} of 4: {title}, ")
        assert page.locator(".cl-hit").nth(number - 1).get_attribute("class") == "cl-hit is-open"
    expect(page.locator("#source-hit-next")).to_have_count(0)
    page.keyboard.press("n")
    page.focus("#source-hit-previous")
    page.keyboard.press("Enter")
    expect(page.locator("#source-hit")).to_have_text("Hit 3 of 4")
    assert page.evaluate("document.activeElement.id") == "source-hit-previous"
    page.keyboard.press("p")
    expect(page.locator("#source-hit")).to_have_text("Hit 2 of 4")
    page.keyboard.press("Escape")
    assert page.is_hidden("#source")
    assert page.evaluate("document.activeElement === document.querySelector('.cl-hit a')")
    assert visiting.complaints == []


def test_after_turning_pages_a_link_leads_back_to_the_hit(
    come: Enter, files: dict[str, uuid.UUID]
) -> None:
    page = come().page
    page.click(".cl-hit a:has-text('Cell book')")
    page.wait_for_selector("#source .cl-reader canvas")
    number = hit(page).split()[1]
    page.click("#source-view")
    page.wait_for_selector("#source mark")
    assert hit(page) == f"Hit {number} of 4"
    page.click("#source-previous")
    expect(page.locator("#source-hit")).to_have_text(f"Back to hit {number} of 4")
    page.click("#source-hit")
    expect(page.locator("#source-hit")).to_have_text(f"Hit {number} of 4")
    expect(page.locator("#source mark").first).to_be_visible()
    expect(page.locator("#source-hit-previous")).to_have_attribute("href", re.compile("view=text"))


@pytest.mark.parametrize("by", ["back", "cross"])
def test_on_a_phone_back_closes_the_source_and_then_leaves_the_page(
    come: Enter, student: Visitor, files: dict[str, uuid.UUID], by: str
) -> None:
    page = come("tutor/", width=320, height=640).page
    page.click("text=Search the materials")
    page.fill("#search", "membrane")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cl-hit")
    address = page.url
    page.evaluate("document.querySelector('#found').dataset.kept = 'yes'")
    page.click(".cl-hit a >> nth=0")
    page.click("#source-hit-next")
    expect(page.locator("#source-hit")).to_contain_text("Hit 2")
    if by == "back":
        page.go_back()
    else:
        page.click("#source-close")
    expect(page.locator("#source")).to_be_hidden()
    assert page.url == address
    assert not page.evaluate("document.querySelector('main').inert")
    assert page.get_attribute("#found", "data-kept") == "yes", "the page stayed as it was"
    comes_true(page, "!history.state?.source")
    page.go_back()
    expect(page.locator("#found")).to_contain_text("Here stand the passages")
    page.go_back()
    expect(page.get_by_label("Your question")).to_be_visible()


def test_without_any_cookie_back_closes_the_source_too(
    tool: str, visit: Opening, student: Visitor, files: dict[str, uuid.UUID]
) -> None:
    page = visit("/lms", width=320, height=640).page
    page.add_init_script(f"sessionStorage.setItem('bearer.{student.sid}', '{student.secret}')")
    page.goto(tool + student.url("tutor/"))
    page.click("text=Search the materials")
    page.fill("#search", "membrane")
    page.keyboard.press("Enter")
    page.click(".cl-hit a:has-text('Cell book') >> nth=0")
    page.wait_for_selector("#source .cl-reader canvas")
    with page.expect_download() as download:
        page.click("#source-download")
    assert download.value.suggested_filename == "Cell book.pdf"
    page.go_back()
    expect(page.locator("#source")).to_be_hidden()
    expect(page.locator(".cl-hit").first).to_be_visible()
    page.go_back()
    expect(page.locator("#found")).to_contain_text("Here stand the passages")
    page.go_back()
    expect(page.get_by_label("Your question")).to_be_visible()
    assert page.context.cookies() == []


def test_in_a_frame_of_the_course_page_back_closes_the_source(
    come: Enter, visit: Opening, tool: str, student: Visitor, files: dict[str, uuid.UUID]
) -> None:
    come()
    page = visit("/lms?frame=" + tool + student.url("materials/search?q=membrane"), height=700).page
    frame = page.frame_locator("iframe")
    frame.locator(".cl-hit a >> nth=0").click()
    frame.locator("#source-hit").wait_for()
    page.evaluate("history.back()")
    expect(frame.locator("#source")).to_be_hidden()
    expect(frame.locator(".cl-hit").first).to_be_visible()
    assert "/lms" in page.url


def test_beside_the_page_the_source_takes_no_step_of_the_history(
    come: Enter, files: dict[str, uuid.UUID]
) -> None:
    page = come("tutor/").page
    page.click("text=Search the materials")
    page.fill("#search", "membrane")
    page.keyboard.press("Enter")
    page.click(".cl-hit a >> nth=0")
    expect(page.locator("#source-hit")).to_contain_text("Hit 1")
    page.go_back()
    expect(page.locator("#found")).to_contain_text("Here stand the passages")


@pytest.mark.parametrize("width", [320, 1280])
def test_what_was_hidden_meanwhile_is_told_in_the_panel(
    come: Enter, session: Session, files: dict[str, uuid.UUID], width: int
) -> None:
    page = come(width=width).page
    page.click(".cl-hit a:has-text('Cell book')")
    page.wait_for_selector("#source .cl-reader canvas")
    session.execute(text("update course_materials set is_public = false"))
    session.commit()
    page.click("#source-previous")
    notice = page.locator("#source [role=alert]")
    expect(notice).to_contain_text("a teacher may have removed or hidden it")
    expect(notice).to_be_in_viewport()


def test_a_file_that_is_gone_is_said_and_its_text_remains(
    come: Enter, session: Session, files: dict[str, uuid.UUID]
) -> None:
    storage().delete(session.get_one(CourseMaterial, files["book"]).storage_path)
    page = come().page
    page.click(".cl-hit a:has-text('Cell book')")
    page.wait_for_selector("#source .is-failed >> text=the file is missing")
    page.click("text=Read it as text")
    page.wait_for_selector("#source mark")


def test_without_script_results_and_sources_are_pages(
    tool: str,
    visit: Opening,
    contexts: dict[bool, BrowserContext],
    student: Visitor,
    files: dict[str, uuid.UUID],
) -> None:
    cookie = {"name": f"__Host-s-{student.sid}", "value": student.secret, "secure": True}
    contexts[False].add_cookies([{**cookie, "url": "https://localhost"}])  # type: ignore[typeddict-item]
    page = visit(tool + student.url("tutor/"), script=False).page
    page.click("text=Search the materials")
    page.fill("#search", "membrane holds salt")
    page.click("button >> text=Search")
    page.click(".cl-hit a:has-text('Notes')")
    expect(page.locator("main mark").first).to_be_visible()
    page.click("#source-close")
    expect(page.locator(".cl-hit").first).to_be_visible()
    assert page.input_value("#search") == "membrane holds salt"


def test_on_a_phone_the_bar_of_a_source_leaves_the_page_its_room(
    come: Enter, files: dict[str, uuid.UUID]
) -> None:
    page = come("materials/search?q=sugar+light+cells+weather", width=320, height=640).page
    page.click(".cl-hit a:has-text('Cell book, p. 2')")
    page.wait_for_selector("#source .cl-reader canvas")
    expect(page.locator("#source-previous")).to_be_visible()
    expect(page.locator("#source-next")).to_be_visible()
    expect(page.locator("#source-hit")).to_be_visible()
    assert page.evaluate("document.querySelector('.cl-source-bar').offsetHeight") <= 120
    targets = page.locator(".cl-source-bar a").all()
    boxes = [box for target in targets if (box := target.bounding_box())]
    assert len(boxes) == len(targets) >= 6
    assert min(min(box["width"], box["height"]) for box in boxes) >= 44


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("state", ["results", "empty", "open", "text"])
def test_axe_finds_nothing_and_nothing_is_cut(
    come: Enter, files: dict[str, uuid.UUID], width: int, state: str
) -> None:
    visiting = come("materials/search?q=zebras" if state == "empty" else SEARCH, width=width)
    page = visiting.page
    if state in ("open", "text"):
        name = "Cell book" if state == "open" else "Talk"
        page.click(f".cl-hit a:has-text('{name}')")
        page.wait_for_selector("#source .cl-reader canvas" if state == "open" else "#source mark")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visiting.violations() == []
