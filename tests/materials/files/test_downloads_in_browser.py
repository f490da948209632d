"""Files in a real browser: a large PDF opens at a page far in, and nothing uploaded is ever run."""

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Download, Page, Route
from sqlalchemy.orm import Session

from models import Course, CourseRole
from tests.browsers import admit, serving
from tests.helpers import enter
from tests.materials import makers
from tests.materials.conftest import Add

PAGES, SHOWN, SIDE = 300, 200, 20


@dataclass
class Place:
    """A person's page in a session, and what the server sent of files."""

    page: Page
    address: str
    sent: list[tuple[str | None, int]] = field(default_factory=list)

    def counting(self, app: Flask) -> Callable[..., Any]:
        """The application, with the range and size of each answer with a file noted."""

        def serve(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            answer, size = app.wsgi_app(environ, start_response), 0
            try:
                for piece in answer:
                    size += len(piece)
                    yield piece
            finally:
                if environ["PATH_INFO"].endswith("/file"):
                    self.sent.append((environ.get("HTTP_RANGE"), size))
                if hasattr(answer, "close"):
                    answer.close()

        return serve


@pytest.fixture
def place(
    request: pytest.FixtureRequest, app: Flask, session: Session, course: Course, browser: Browser
) -> Iterator[Place]:
    """A teacher inside a server that runs, with files in a folder or in a bucket."""
    if getattr(request, "param", "folder") == "bucket":
        request.getfixturevalue("bucket")
    teacher = enter(app, session, course, CourseRole.TEACHER)
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    place = Place(context.new_page(), "")
    admit(context, teacher)
    with serving(place.counting(app)) as origin:
        place.address = f"{origin}/s/{teacher.sid}/materials"
        place.page.set_default_timeout(30_000)
        yield place
        context.close()


def large_book() -> bytes:
    """Some 20 MB in 300 pages, its pages in a tree of twenty each."""
    draw = random.Random(7)
    nodes = PAGES // SIDE
    first = 4 + nodes  # objects 1 to 3, the nodes, then a page and its content each
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {PAGES} /Kids [{_refs(4, nodes)}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    objects += [
        f"<< /Type /Pages /Parent 2 0 R /Count {SIDE} "
        f"/Kids [{_refs(first + node * SIDE, SIDE)}] >>".encode()
        for node in range(nodes)
    ]
    objects += [
        f"<< /Type /Page /Parent {4 + page // SIDE} 0 R /MediaBox [0 0 595 842] "
        f"/Contents {first + PAGES + page} 0 R "
        "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        for page in range(PAGES)
    ]
    for page in range(PAGES):
        text = f"BT /F1 11 Tf 50 700 Td (This is page {page + 1} of the large book.) Tj ET\n% "
        stream = zlib.compress(text.encode() + draw.randbytes(60_000).hex().encode(), 1)
        head = f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + stream + b"\nendstream")
    return makers._assemble(objects, b"")


def _refs(start: int, count: int) -> str:
    return " ".join(f"{number} 0 R" for number in range(start, start + count))


@pytest.mark.parametrize("place", ["folder", "bucket"], indirect=True)
def test_a_large_pdf_opens_at_page_200_without_all_of_it(place: Place, add: Add) -> None:
    book = large_book()
    assert len(book) > 15 << 20
    material_id = add("Large.pdf", book)
    place.page.goto(f"{place.address}/{material_id}?page={SHOWN}")
    place.page.wait_for_selector(".cl-reader canvas")
    layer = place.page.locator(".cl-reader .cl-textlayer")
    layer.get_by_text(f"This is page {SHOWN} of the large book.").wait_for(state="attached")
    ranges = [size for asked, size in place.sent if asked]
    assert ranges, "no range was asked for"
    assert sum(ranges) < len(book) / 20, place.sent
    # What the first answer brings before it is broken off depends on how busy the machine is.
    assert sum(size for _, size in place.sent) < len(book) / 2, place.sent


SCRIPT = "localStorage.setItem('ran', 'yes')"
HOSTILE = {
    "page.html": f"<!doctype html><html><script>{SCRIPT}</script><p>Osmosis</p></html>",
    "page.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>'
    f"<body><script>{SCRIPT}</script><p>Osmosis moves</p></body></html>",
    "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><script>{SCRIPT}</script></svg>',
    "notes.txt": SCRIPT,
    "notes.md": f'# Osmosis\n\n<img src=x onerror="{SCRIPT}">\n\n<script>{SCRIPT}</script>',
    "book.pdf": f"<!doctype html><html><script>{SCRIPT}</script></html>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_uploaded_file_is_never_run(place: Place, read: Add, name: str) -> None:
    material_id = read(name, HOSTILE[name].encode())
    page, origin = place.page, place.address.partition("/s/")[0]
    address = f"{place.address}/{material_id}"
    # A page of our origin that forbids nothing: what holds then is the file's own answer.
    for path, content in (("lure", _lure(f"{address}/file")), ("proof", HOSTILE["page.html"])):
        page.route(f"{origin}/{path}", _answering(content))
    downloads: list[Download] = []

    def note(download: Download) -> None:
        downloads.append(download)

    page.on("download", note)
    for query in ("", "?download=1"):
        _visit(page, f"{address}/file{query}")
    page.goto(address)
    page.goto(f"{origin}/lure")
    page.wait_for_load_state("networkidle")
    page.evaluate("address => fetch(address).then(answer => answer.text())", f"{address}/file")
    assert downloads or name in ("picture.svg", "notes.txt", "book.pdf")
    assert page.evaluate("localStorage.getItem('ran')") is None
    page.goto(f"{origin}/proof")  # the same, if it were an answer of ours without those headers
    assert page.evaluate("localStorage.getItem('ran')") == "yes"


def _lure(address: str) -> str:
    return (
        f'<!doctype html><iframe src="{address}"></iframe><object data="{address}"></object>'
        f'<embed src="{address}"><script src="{address}"></script>'
        f'<img src="{address}"><link rel="stylesheet" href="{address}">'
    )


def _answering(content: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=content, content_type="text/html")


def _visit(page: Page, address: str) -> None:
    """Go there; what is saved is no page to be at."""
    try:
        page.goto(address)
    except Exception as error:
        assert "Download is starting" in str(error) or "ERR_ABORTED" in str(error)
