"""The page reader: crops, the source panel, marks, ranges, failures."""

import io
from pathlib import Path
from textwrap import wrap

import pytest
from playwright.sync_api import Page
from reportlab.pdfgen.canvas import Canvas

from tests.browsers import comes_true
from tests.frontend.conftest import Opening
from tests.frontend.site import SENTENCE, Site

BOOK = Path(__file__).parents[3] / "shared/data/course/py4e_book3_Amazon_English_2024-02-22-x.pdf"
BOOK_QUOTES = (
    "An object with more than one reference has more than one name, so we say that the object is "
    "aliased. If the aliased object is mutable, changes made with one alias affect the other:",
)
MARKED = """selector => {
    const canvas = document.querySelector(selector + ' canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let marked = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] > 240 && data[i + 2] < 160) marked += 1;
    return marked / (canvas.width * canvas.height);
}"""


@pytest.fixture(autouse=True)
def _picture(site: Site) -> None:
    """The card shows its page: pdf.js is needed at once."""
    site.with_picture = True


def share_marked(page: Page, selector: str) -> float:
    """Share of a canvas that has the marker's colour."""
    share: float = page.evaluate(MARKED, selector)
    return share


def test_the_card_shows_the_page_around_the_marked_sentence(visit: Opening) -> None:
    visiting = visit(ready=".cl-crop canvas")
    assert 0.03 < share_marked(visiting.page, ".cl-crop") < 0.3
    picture = visiting.page.get_by_role("img", name=f"Part of page 2. Highlighted: {SENTENCE}")
    assert picture.count() == 1
    assert visiting.complaints == []


def test_a_citation_opens_its_page_and_closing_returns_to_it(visit: Opening) -> None:
    page = visit(ready=".cl-crop canvas").page
    page.focus("#cite")
    page.keyboard.press("Enter")
    page.wait_for_selector("#source .cl-reader canvas")
    assert page.evaluate("document.activeElement.id") == "source-h"
    assert page.inner_text("[data-source-place]") == "Page 2 of 3"
    assert page.get_attribute("#cite", "aria-current") == "true"
    assert page.locator(".cl-side .is-open").count() == 1
    assert share_marked(page, "#source .cl-reader") > 0.005
    assert "It puts one more na" in page.inner_text("#source .cl-textlayer")
    page.keyboard.press("Escape")
    assert page.is_hidden("#source")
    assert page.evaluate("document.activeElement.id") == "cite"
    assert page.get_attribute("#cite", "aria-current") is None


def test_pages_are_turned_by_keyboard_and_announced(visit: Opening) -> None:
    page = visit(ready=".cl-crop canvas").page
    page.click("#cite")
    page.wait_for_selector("#source-next")
    page.focus("#source-next")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-source-place]:has-text('Page 3 of 3')")
    page.wait_for_selector("[role=status]:has-text('Page 3 of 3')", state="attached")
    assert page.evaluate("document.querySelector('#source').contains(document.activeElement)")
    assert page.locator("#source-next").count() == 0


def test_the_text_view_shows_its_mark_inside_the_panel(visit: Opening) -> None:
    page = visit(ready=".cl-crop canvas").page
    page.click("#cite")
    page.click("#source >> text=As text")
    page.wait_for_selector("#source mark")
    scroll = page.locator(".cl-source-scroll").bounding_box()
    mark = page.locator("#source mark").bounding_box()
    assert scroll
    assert mark
    assert scroll["y"] <= mark["y"] <= scroll["y"] + scroll["height"]
    assert page.evaluate("document.scrollingElement.scrollTop") == 0


def test_on_a_narrow_screen_what_the_panel_covers_is_out_of_reach(visit: Opening) -> None:
    page = visit(ready=".cl-crop canvas", width=360).page
    page.click(".pg")
    page.wait_for_selector("#source .cl-reader canvas")
    box = page.locator("#source").bounding_box()
    assert box
    assert (box["x"], box["y"], box["width"]) == (0, 0, 360)
    assert page.evaluate("document.querySelector('main').inert")
    page.click("#source-close")
    assert not page.evaluate("document.querySelector('main').inert")


@pytest.mark.parametrize(
    ("way", "width"),
    [
        *((way, width) for way in ("Escape", "the button") for width in (320, 1000, 1280)),
        ("Back", 320),  # where the panel stands beside the page it is no step in the history
        ("Back", 1000),
    ],
)
def test_the_focus_is_where_it_was_once_the_panel_is_closed(
    visit: Opening, way: str, width: int
) -> None:
    """A course page of 1280 px has a frame of about 1000; wider ones show the panel beside."""
    page = visit(ready=".cl-crop canvas", width=width).page
    page.focus("#cite")
    page.keyboard.press("Enter")
    page.wait_for_selector("#source .cl-reader canvas")
    page.evaluate("addEventListener('popstate', () => { window.stepped = true; })")
    if way == "Escape":
        page.keyboard.press("Escape")
    elif way == "the button":
        page.focus("#source-close")
        page.keyboard.press("Enter")
    else:
        page.go_back()
    page.wait_for_selector("#source", state="hidden")
    if width < 1280:
        comes_true(page, "window.stepped")
    assert page.evaluate("document.activeElement.id") == "cite"


def test_without_script_a_citation_is_a_page_of_its_own(visit: Opening) -> None:
    page = visit(script=False).page
    page.click("#cite")
    assert page.url.endswith("source?page=2")
    assert page.inner_text("[data-source-place]") == "Page 2 of 3"


@pytest.mark.parametrize("document", [b"not a PDF", b""])
def test_a_broken_file_is_said_in_words(visit: Opening, site: Site, document: bytes) -> None:
    site.document = document
    page = visit(ready=".cl-crop.is-failed").page
    assert SENTENCE in page.inner_text(".cl-crop")
    page.click(".pg")
    page.wait_for_selector("#source .is-failed >> text=could not be shown")
    page.click("text=Read it as text")
    page.wait_for_selector("#source mark")


def test_a_mark_is_seen_on_a_dark_page_too(visit: Opening, site: Site) -> None:
    site.document = dark_slides()
    page = visit(ready=".cl-crop canvas").page
    bright = MARKED.replace(
        "data[i] > 240 && data[i + 2] < 160", "data[i] > 100 && data[i + 2] < 60"
    )
    assert 0.01 < page.evaluate(bright, ".cl-crop") < 0.3


def dark_slides() -> bytes:
    """Three slides, white on nearly black, each with the sentence."""
    file = io.BytesIO()
    slides = Canvas(file, pagesize=(720, 405))
    for _ in range(3):
        slides.setFillGray(0.05)
        slides.rect(0, 0, 720, 405, fill=1)
        slides.setFillGray(1)
        slides.setFont("Helvetica", 16)
        for line, text in enumerate(wrap(SENTENCE, 70)):
            slides.drawString(60, 200 - 20 * line, text)
        slides.showPage()
    slides.save()
    return file.getvalue()


def test_a_page_without_the_sentence_stays_unmarked(visit: Opening, site: Site) -> None:
    site.page_quotes = ("Nothing like this was ever written on any of the pages.",)
    page = visit(ready=".cl-crop canvas").page
    assert share_marked(page, ".cl-crop") == 0


@pytest.mark.skipif(not BOOK.exists(), reason="needs ../shared/data/course")
def test_of_a_book_only_what_is_shown_is_fetched(visit: Opening, site: Site) -> None:
    site.document, site.page_number, site.page_count = BOOK.read_bytes(), 112, 245
    site.page_quotes = BOOK_QUOTES
    visiting = visit(ready=".cl-crop canvas")
    assert share_marked(visiting.page, ".cl-crop") > 0.03
    ranges = [seen["range"] for seen in site.seen if seen["range"]]
    spans = [value.removeprefix("bytes=").split("-") for value in ranges]
    fetched = sum(int(end) - int(start) + 1 for start, end in spans)
    assert 0 < fetched < len(site.document) / 2
    before = len(site.seen)
    visiting.page.click("#cite")
    visiting.page.wait_for_selector("#source .cl-reader canvas")
    assert share_marked(visiting.page, "#source .cl-reader") > 0.01
    again = [seen for seen in site.seen[before:] if seen["path"].endswith("/file")]
    assert again == [], "the document was open already"
    assert visiting.complaints == []
