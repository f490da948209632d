"""Misspelt questions on the sample course, with the embedded model itself: a slip is read as the
word that was meant where that leads near the question, and nowhere else."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.materials import questions
from app.tutor.evidence.building import build_card
from models import Course, CourseMaterial, Coverage
from tests import factories
from tests.helpers import Visitor, enter
from tests.materials.conftest import Add
from tests.materials.test_several_languages import ask, embed, mixed

__all__ = ["mixed"]  # a fixture

SLIPS = {
    "What is a dicionary good for?": ("dicionary", "dictionary"),
    "What is an asignment?": ("asignment", "assignment"),
    "What is a funtcion?": ("funtcion", "function"),
    "What is a varaible?": ("varaible", "variable"),
    "What is a Paramter?": ("Paramter", "Parameter"),
}


OTHERS = ("What is an election?", "What is a fraction?", "What is a stong wind?", "What is a bay?")


def test_a_slip_is_read_as_the_word_that_was_meant(session: Session, mixed: Course) -> None:
    for question, (asked, meant) in SLIPS.items():
        right = ask(session, mixed.course_id, question.replace(asked, meant))
        found = ask(session, mixed.course_id, question)
        assert [(one.asked, one.read.lower()) for one in found.slips] == [(asked, meant.lower())]
        assert found.coverage is Coverage.CLOSEST, "a guess makes no answer"
        assert not right.slips and right.coverage is not Coverage.NOT_COVERED
        card = build_card(question, found)
        assert card.lead and meant.lower() in card.marked.lower(), question


def test_another_subject_stays_another_subject(session: Session, mixed: Course) -> None:
    """Though a word of it is one stroke from one of the course's: no page is near the question."""
    for question in OTHERS:
        found = ask(session, mixed.course_id, question)
        assert found.coverage is Coverage.NOT_COVERED and not found.slips, question


def test_what_is_answered_as_it_was_asked_is_left_alone(session: Session, mixed: Course) -> None:
    question = "A value that stores pairs of a key and a value is called a dicionary, is it not?"
    found = ask(session, mixed.course_id, question)
    assert found.coverage is Coverage.ANSWERED and not found.slips


def test_a_word_of_one_language_is_no_slip_for_one_of_another(
    session: Session, mixed: Course, read: Add
) -> None:
    read("town.md", b"# The town\n\nThe women of the town built the organization together.")
    read("stadt.md", "# Die Stadt\n\nDie Frauen der Stadt gründeten die Organisation.".encode())
    for question in ("What did the women build?", "Wer gründete die Organisation der Stadt?"):
        assert not ask(session, mixed.course_id, question).slips, question


# ---- what a student reads of it

SAID = "“<bdi>asignment</bdi>” is not in your materials: looked for “<bdi>assignment</bdi>”."


@pytest.fixture
def reader(app: Flask, session: Session, mixed: Course, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """A student of the course, whose questions the embedded model embeds."""

    def embed_question(question: str, _: object) -> list[float]:
        return embed([question], is_query=True)[0]

    monkeypatch.setattr(questions, "embed_question", embed_question)
    return enter(app, session, mixed)


def test_the_search_page_says_it_and_marks_the_right_word(reader: Visitor) -> None:
    page = reader.get("materials/search?q=What+is+an+asignment%3F").text
    assert SAID in page and "Closest passages" in page and "<mark>assignment</mark>" in page
    assert "looked for" not in reader.get("materials/search?q=What+is+an+assignment%3F").text


def test_the_tutor_says_it_and_offers_what_there_is_to_practise(
    session: Session, mixed: Course, reader: Visitor
) -> None:
    factories.question(session, factories.concept(session, mixed, name="Assignment"))
    session.commit()
    reader.post("tutor/ask", data={"question": "What is an asignment?"})
    page = reader.get("tutor/").text
    assert SAID in page and "Practise this" in page


def test_a_slip_of_an_earlier_question_is_not_laid_on_this_one(reader: Visitor) -> None:
    """It is a follow-up: the earlier question is searched with it."""
    reader.post("tutor/ask", data={"question": "What is an asignment?"})
    reader.post("tutor/ask", data={"question": "why does it not copy it?"})
    assert reader.get("tutor/").text.count(SAID) <= 1
    part = reader.get("tutor/").text.split("data-tutor-current", 1)[1]
    assert "looked for" not in part


def test_the_word_of_a_file_that_was_hidden_since_is_not_told_any_more(
    session: Session, mixed: Course, reader: Visitor
) -> None:
    reader.post("tutor/ask", data={"question": "What is an asignment?"})
    assert SAID in reader.get("tutor/").text
    for material in session.scalars(select(CourseMaterial)):
        material.is_public = False
    session.commit()
    assert "looked for" not in reader.get("tutor/").text
