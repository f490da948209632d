"""The main job, end to end: launch, upload, ask, read the source, practise, be graded.

Once as browsers are, once with cookies of other sites blocked, once with every cookie of the tool
stripped on the way, so that bearer token, stream and PDF work without any.
"""

import re
from pathlib import Path

import psycopg
import pytest

from tests.conftest import SHARED
from tests.journeys import people
from tests.journeys.conftest import OpenBrowser
from tests.journeys.people import Desk
from tests.pdfs import handbook_with_fact
from tests.stack import Stack

pytestmark = pytest.mark.journey

STUDENTS = {"allowed": "student-1", "blocked": "student-2", "stripped": "student-3"}
SEEDS = {"allowed": 1, "blocked": 2, "stripped": 3}
BOOK = SHARED / "data/course/py4e_book3_Amazon_English_2024-02-22-x.pdf"


@pytest.mark.parametrize("cookies", STUDENTS)
def test_the_main_job(
    cookies: str, stack: Stack, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    content, fact = handbook_with_fact(pages=32, page=19, seed=SEEDS[cookies])
    file = tmp_path / f"Harbour handbook {cookies}.pdf"
    file.write_bytes(content)
    practice = f"Practice: Lists ({cookies})"

    with (
        open_browser("teacher", cookies) as office,
        open_browser(STUDENTS[cookies], cookies) as room,
    ):
        teacher = Desk(office, stack, "teacher")
        people.allow_small_model(teacher, False)
        people.see_ready(people.upload(teacher, file))
        people.place_practice(teacher, concept="Lists", title=practice, count=2, points=10)

        student = Desk(room, stack, STUDENTS[cookies])
        student.open("Course tutor")
        people.ask(student, fact.question)
        people.see_evidence(student, page=fact.page, words=fact.answer)

        people.allow_small_model(teacher, True)
        people.watch_writing(student)
        people.ask(student, fact.question)
        people.see_evidence(student, page=fact.page, words=fact.answer)
        people.see_answer_written(student)
        people.open_citation(student, page=fact.page, words=fact.answer)

        people.answer_questions(student, practice, _right_answers(stack), count=2)
        people.see_grade(student, grade="10 / 10")
        student.close()
        teacher.close()


def _right_answers(stack: Stack) -> dict[str, str]:
    """question id → the value to choose: a student who knows it all."""
    with psycopg.connect(stack.database_url()) as database:
        rows = database.execute("select question_id, correct_answer from practice_questions")
        return {str(question): answer for question, answer in rows}


@pytest.mark.skipif(not BOOK.exists(), reason="../shared/data/course is not here")
def test_the_main_job_with_a_real_book(stack: Stack, open_browser: OpenBrowser) -> None:
    """A textbook of 245 pages: asked as soon as words find it, opened at its page."""
    with open_browser("teacher", "allowed") as browser:
        teacher = Desk(browser, stack, "teacher")
        people.upload(teacher, BOOK)
        people.ask_in_tutor(teacher, "What is the guardian pattern in a logical expression?")
        card = teacher.tool.get_by_role("region", name="What the materials say")
        people.expect(card).to_contain_text(re.compile("py4e.book3"))
        people.expect(card).to_contain_text("guardian")
        card.locator(".cl-keys a.pg").first.press("Enter")
        people.see_marker(teacher.tool.locator("#source canvas"))
        people.expect(teacher.tool.locator("#source .cl-textlayer")).to_contain_text("guardian")
        teacher.close()
