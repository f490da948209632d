"""What a student's first page makes a browser fetch: the tool itself, served as in use."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests import factories
from tests.frontend.conftest import Opening
from tests.helpers import Visitor, enter

LIMIT = 150_000
FETCHED = """() => performance.getEntriesByType("resource").map(
    entry => ({name: entry.name, sent: entry.encodedBodySize, held: entry.decodedBodySize}))"""


@pytest.fixture
def student(app: Flask, session: Session) -> Visitor:
    course = factories.course(session)
    factories.material(session, course)
    factories.question(session, factories.concept(session, course))
    return enter(app, session, course)


@pytest.mark.parametrize(
    ("path", "ready", "room"),
    [("tutor/", "#ask", "tutor-"), ("practice/", "main h1", "main")],
)
def test_bundle_of_the_first_page_is_at_most_150_kilobytes(
    student: Visitor,
    tool: str,
    visit: Opening,
    let_in: Callable[[Visitor], None],
    path: str,
    ready: str,
    room: str,
) -> None:
    let_in(student)
    visiting = visit(tool + student.url(path), ready=ready)
    page = visiting.page
    page.wait_for_load_state("networkidle")
    fetched: list[dict[str, Any]] = page.evaluate(FETCHED)
    names = " ".join(entry["name"] for entry in fetched)
    assert "/main.css" in names
    assert "/main.js" in names
    assert room in names
    assert not [heavy for heavy in ("pdf", "reader-", "katex", "woff2") if heavy in names]
    assert sum(entry["sent"] for entry in fetched) <= LIMIT
    assert sum(entry["held"] for entry in fetched) > 2 * LIMIT, "it came compressed"
    assert visiting.complaints == []
