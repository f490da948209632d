"""A written answer with formulas, streamed by the tool itself into a real page."""

import re
from collections.abc import Callable
from threading import Event

from flask import Flask
from sqlalchemy.orm import Session

from models import FileType
from tests import factories
from tests.frontend.conftest import Opening
from tests.frontend.test_formulas import said
from tests.helpers import Visitor, enter
from tests.llm.fake_endpoint import FakeEndpoint
from tests.tutor.conftest import PAGES, QUESTION, AddText, add_text, capable, endpoint

__all__ = ["add_text", "capable", "endpoint"]  # fixtures

ANSWER = r"""An assignment of \(n_1 * n_2 * n_3\) lists never copies a list [1]. It costs $5 or $6.

\[
\sum_{i=1}^n x_i
- 1
\]

Use `$code$` for names: `a = b` puts one more name on the list of $x_1$ [1]."""


def waits(seen: Event) -> None:
    seen.wait(20)


def test_formulas_of_a_streamed_answer_are_set(
    app: Flask,
    session: Session,
    add_text: AddText,
    capable: FakeEndpoint,
    tool: str,
    visit: Opening,
    let_in: Callable[[Visitor], None],
) -> None:
    seen = Event()
    capable.script.pieces = tuple(re.findall(r".{1,4}", ANSWER, re.DOTALL))
    capable.script.on_piece = lambda number: waits(seen) if number == 30 else None
    course = factories.course(session)
    add_text(course, *PAGES, title="Week 4", file_type=FileType.MD)
    student = enter(app, session, course)
    let_in(student)
    visiting = visit(tool + student.url("tutor/"), ready="[data-tutor][data-live]")
    page = visiting.page
    page.fill("#ask", QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector(".cl-answer[aria-busy=true] .katex")
    seen.set()
    page.wait_for_selector(".cl-answer:not([aria-busy]) .katex >> nth=2")
    written = said(page, ".cl-answer-body")
    assert "An assignment of <n_1 * n_2 * n_3> lists never copies a list" in written
    assert "It costs $5 or $6." in written
    assert r"< \sum_{i=1}^n x_i - 1 >" in written
    assert "Use $code$ for names: a = b puts" in written
    assert "on the list of <x_1>" in written
    page.reload()
    page.wait_for_selector(".cl-answer .katex >> nth=2")
    assert said(page, ".cl-answer-body") == written
    assert visiting.complaints == []
