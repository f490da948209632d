"""The tutor's conversation in a real browser, served by the tool itself."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from models import Course, CourseRole, FileType
from tests import factories
from tests.frontend.conftest import Opening, Visit
from tests.helpers import Visitor, enter
from tests.llm.fake_endpoint import FakeEndpoint, Script
from tests.tutor.conftest import (
    PAGES,
    QUESTION,
    UNKNOWN,
    AddText,
    add_text,
    capable,
    connect,
    endpoint,
)

__all__ = ["add_text", "capable", "endpoint"]  # fixtures

ANSWER = Script(
    pieces=tuple(
        "There is **only** one list [1].\n\nThe line `b = a` gives it a second name [1][2]. "
        "Rust programmers would worry about ownership and borrowing rules.\n\n- a copy [3]\n"
        "- a slice\n\nWhat does the first name show?".split(" ")
    ),
    wait_between=0.02,
)
ANSWER.pieces = tuple(f"{word} " for word in ANSWER.pieces)
AT_WORK = "[data-tutor][data-live]"
"""The tutor's script serves the page; before, Enter breaks the line."""
Enter = Callable[..., Visit]


@pytest.fixture
def course(session: Session, add_text: AddText) -> Course:
    course = factories.course(session)
    add_text(course, *PAGES, title="Week 4", file_type=FileType.MD)
    return course


@pytest.fixture
def student(app: Flask, session: Session, course: Course) -> Visitor:
    return enter(app, session, course)


@pytest.fixture
def come(tool: str, visit: Opening, let_in: Callable[[Visitor], None], student: Visitor) -> Enter:
    """Opens the student's tutor."""

    def come(**how: object) -> Visit:
        let_in(student)
        return visit(tool + student.url("tutor/"), **{"ready": AT_WORK, **how})

    return come


def ask(page: Page, question: str = QUESTION) -> None:
    page.wait_for_selector(AT_WORK)
    page.fill("#ask", question)
    page.keyboard.press("Enter")


def answered(page: Page) -> None:
    page.wait_for_selector("[data-tutor-current] .cl-answer:not([aria-busy])")


def test_card_stream_and_answer(come: Enter, capable: FakeEndpoint) -> None:
    capable.script = ANSWER
    visiting = come()
    page = visiting.page
    ask(page)
    page.wait_for_selector(".cl-evidence mark:has-text('An assignment never copies a list.')")
    page.wait_for_selector(".cl-answer[aria-busy=true] .cl-caret")
    expect(page.locator("#ask")).to_have_value("")
    expect(page.locator("#ask")).to_be_focused()
    assert page.locator("#ask").is_enabled()
    page.wait_for_selector(".cl-answer[aria-busy=true] .cl-para strong:has-text('only')")
    answered(page)
    assert page.locator(".cl-cite").count() == 3
    assert page.locator(".cl-side li").first.inner_text().startswith("1 · Week 4")
    expect(page.locator(".cl-unsourced").first).to_contain_text("Rust programmers")
    expect(page.locator(".cl-caret")).to_have_count(0)
    assert page.evaluate("scrollY") == 0
    expect(page.locator("[role=status]").first).to_contain_text(
        "The answer: There is only one list"
    )
    assert visiting.complaints == []


def test_a_citation_opens_the_source_and_closing_comes_back(
    come: Enter, capable: FakeEndpoint
) -> None:
    capable.script = ANSWER
    visiting = come()
    page = visiting.page
    ask(page)
    answered(page)
    cite = page.locator("a.cl-cite").first
    cite.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#source mark:has-text('It puts one more name on the list')")
    expect(cite).to_have_attribute("aria-current", "true")
    page.keyboard.press("Escape")
    expect(cite).to_be_focused()
    expect(page.locator("#source")).to_be_hidden()
    assert visiting.complaints == []


def test_stop_keeps_what_is_written(come: Enter, capable: FakeEndpoint) -> None:
    capable.script = Script(pieces=tuple(f"word{n} " for n in range(300)), wait_between=0.05)
    page = come().page
    ask(page)
    page.wait_for_selector(".cl-live:has-text('word5')")
    page.click("[data-tutor-stop] button")
    page.wait_for_selector("text=Stopped. What was written is kept.")
    assert "word5" in page.locator(".cl-answer-body").inner_text()
    assert capable.left.wait(5)


def test_a_second_question_stops_the_first_and_folds_it_away(
    come: Enter, capable: FakeEndpoint
) -> None:
    capable.script = Script(pieces=tuple(f"word{n} " for n in range(300)), wait_between=0.05)
    page = come().page
    ask(page)
    page.wait_for_selector(".cl-live:has-text('word3')")
    capable.script = Script()
    ask(page, "What is a copy of a list?")
    page.wait_for_selector("[data-tutor-current] h2:has-text('What is a copy of a list?')")
    answered(page)
    expect(page.locator(".cl-earlier summary")).to_have_text(
        "Earlier in this conversation: 1 question"
    )
    page.click(".cl-earlier summary")
    expect(page.locator(".cl-past h2")).to_have_text(QUESTION)
    expect(page.locator(".cl-past")).to_contain_text("Stopped. What was written is kept.")


def test_enter_pressed_twice_is_one_question(come: Enter, capable: FakeEndpoint) -> None:
    capable.script = ANSWER
    page = come().page
    page.fill("#ask", QUESTION)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    answered(page)
    page.reload()
    assert page.locator("h2.cl-question").count() == 1
    assert len(capable.requests) == 1


def test_a_missing_answer_is_tried_again_with_one_click(come: Enter, capable: FakeEndpoint) -> None:
    capable.script = Script(status=503)
    page = come().page
    ask(page)
    page.wait_for_selector(".cl-error:has-text('The written answer is missing')")
    assert page.locator("[data-tutor-current] .cl-error button").count() == 1
    capable.script = Script()
    page.click("text=Try again")
    answered(page)
    expect(page.locator(".cl-answer-body")).to_contain_text("There is one list")
    assert page.locator("h2.cl-question").count() == 1


def test_a_refused_question_stays_in_its_field(come: Enter) -> None:
    page = come().page
    page.evaluate("document.querySelector('#ask').removeAttribute('maxlength')")
    ask(page, "x" * 4001)
    page.wait_for_selector("[role=alert]:has-text('at most 4,000 fit')")
    assert len(page.input_value("#ask")) == 4001


def test_shift_enter_breaks_the_line(come: Enter) -> None:
    page = come().page
    page.fill("#ask", "one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    assert page.input_value("#ask") == "one\ntwo"


@pytest.mark.parametrize("question", [QUESTION, UNKNOWN])
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_keeps_anybody_out(
    come: Enter, capable: FakeEndpoint, question: str, width: int
) -> None:
    capable.script = ANSWER
    visiting = come(width=width)
    page = visiting.page
    assert visiting.violations() == []
    ask(page)
    answered(page)
    ask(page, question + " And why?")
    page.wait_for_selector(".cl-earlier article", state="attached")
    page.wait_for_selector("[data-tutor-current] :is(.cl-answer:not([aria-busy]), .cl-uncovered)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visiting.violations() == []


def test_the_places_of_an_answer_are_gone_through(come: Enter, capable: FakeEndpoint) -> None:
    capable.script = ANSWER
    visiting = come()
    page = visiting.page
    ask(page)
    answered(page)
    links = page.locator("[data-tutor-current] a[data-source]")
    places = {link.get_attribute("href") for link in links.all()}
    assert len(places) > 2
    links.first.click()
    for number in range(1, len(places) + 1):
        words = f"Hit {number} of {len(places)}"
        expect(page.locator("#source-hit")).to_have_text(words)
        expect(page.locator("[role=status]")).to_contain_text(f"{words}: Week 4, Section")
        expect(page.locator("#source mark").first).to_be_visible()
        page.keyboard.press("n")
    assert page.locator("a.cl-cite[aria-current]").count() or page.locator(".is-open").count()
    assert visiting.violations() == []
    assert visiting.complaints == []


def test_without_any_cookie(
    tool: str, visit: Opening, student: Visitor, capable: FakeEndpoint
) -> None:
    """The token that the page holds goes with page, stream and source."""
    capable.script = ANSWER
    visiting = visit("/lms")
    page = visiting.page
    page.add_init_script(f"sessionStorage.setItem('bearer.{student.sid}', '{student.secret}')")
    page.goto(tool + student.url("tutor/"))
    ask(page)
    answered(page)
    page.click("a.cl-cite >> nth=0")
    page.wait_for_selector("#source mark")
    page.click("[data-tutor-new] button")
    page.wait_for_selector("text=Ask in your own words")
    assert page.context.cookies() == []


def test_without_script_there_are_pages(
    tool: str,
    visit: Opening,
    student: Visitor,
    capable: FakeEndpoint,
    request: pytest.FixtureRequest,
) -> None:
    contexts = request.getfixturevalue("contexts")
    cookie = {"name": f"__Host-s-{student.sid}", "value": student.secret, "secure": True}
    contexts[False].add_cookies([{**cookie, "url": "https://localhost"}])
    page = visit(tool + student.url("tutor/"), script=False).page
    page.fill("#ask", QUESTION)
    page.click("text=Ask >> nth=-1")
    page.wait_for_selector(".cl-evidence")
    page.click("text=Show the written answer")
    page.wait_for_selector(".cl-answer-body a.cl-cite")
    page.click("a.cl-cite >> nth=0")
    page.wait_for_selector("main mark")


def test_the_teacher_switches_the_small_model_on(
    app: Flask,
    session: Session,
    course: Course,
    tool: str,
    visit: Opening,
    let_in: Callable[[Visitor], None],
    endpoint: FakeEndpoint,
) -> None:
    connect(endpoint, "smollm2-135m-instruct")
    teacher = enter(app, session, course, CourseRole.TEACHER)
    let_in(teacher)
    visiting = visit(tool + teacher.url("tutor/"))
    page = visiting.page
    assert visiting.violations() == []
    page.click("text=Let the small trial model write answers")
    page.wait_for_selector("text=Show the pages alone again")
    ask(page)
    page.wait_for_selector("text=Small trial model: check it against the pages")
