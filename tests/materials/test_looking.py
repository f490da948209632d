"""Search for people, over HTTP: what is found, how sure it is, and where it leads."""

import re
import uuid
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.extensions import db
from app.llm.profiles import EmbeddingProfile
from app.materials import looking, questions
from models import Course, CourseMaterial, CourseRole
from tests import factories
from tests.helpers import Visitor, enter
from tests.materials import makers
from tests.materials.conftest import Add, vector_of

BOOK = makers.pdf(
    [
        "Photosynthesis\nPlants make sugar from light, water and air.",
        "Respiration\nCells free the energy of sugar. It happens in the mitochondria of each cell.",
        "Osmosis\nWater moves through a membrane towards the side with more salt.",
    ]
)
NOTES = b"# Cells\n\n## Membranes\n\nA membrane lets water through and holds salt back.\n"
PART = {"HX-Request-Type": "partial"}


def hits(page: str) -> list[tuple[str, str]]:
    """Address and words of each hit, in order."""
    found = re.findall(r'<h2><a href="([^"]*)" data-source>(.*?)</a></h2>', page)
    return [(unescape(address), re.sub("<.*?>", "", words)) for address, words in found]


def test_ranked_passages_with_page_headings_and_marked_words(student: Visitor, read: Add) -> None:
    read("Cell book.pdf", BOOK)
    read("Notes.md", NOTES)
    page = student.get("materials/search?q=mitochondria+of+a+cell").text
    address, words = hits(page)[0]
    assert words == "Cell book, p. 2"
    assert "It happens in the <mark>mitochondria</mark> of each <mark>cell</mark>." in page
    assert "Answered in your materials" in page
    source = student.get(address).text
    assert "Page 2 of 3" in source and "Respiration" not in address
    assert "It happens in the mitochondria of each cell." in source
    page = student.get("materials/search?q=membrane+holds+salt").text
    assert hits(page)[0][1] == "Notes, Membranes" and "Cells › Membranes" in page


def test_a_snippet_is_shown_without_the_marks_of_markdown(student: Visitor, read: Add) -> None:
    read("Notes.md", b"# Fat and salt\n\n- A **membrane** of `fat` holds\n  *salt* back.\n")
    page = student.get("materials/search?q=fat+salt").text
    assert ">A membrane of <mark>fat</mark> holds <mark>salt</mark> back.</p>" in page
    [(address, _)] = hits(page)
    assert "<mark>fat</mark>" in (source := student.get(address).text) and "<em>" in source


def test_a_line_of_code_is_shown_as_code(student: Visitor, read: Add) -> None:
    read("Notes.md", b"# Cells\n\nIt runs:\n\n```\nfor cell in cells: divide(cell)\n```\n")
    page = student.get("materials/search?q=divide").text
    assert re.search(r"<code[^>]*>for cell in cells: <mark>divide</mark>\(cell\)</code>", page)


def test_a_hit_leads_back_to_its_search(student: Visitor, read: Add) -> None:
    read("Notes.md", NOTES)
    [(address, _)] = hits(student.get("materials/search?q=holds+salt").text)
    source = student.get(address).text
    assert "<mark>A membrane lets water through and holds salt back</mark>" in source
    assert re.search(r'id="source-close" href="[^"]*/materials/search\?q=holds\+salt"', source)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("salt", "Answered in your materials"),
        ("salt towards zebras", "Closest passages"),
        ("zebras crossing membrane streets everywhere", "Not in your materials"),
        ("zebras", "Nothing in the materials is near “<bdi>zebras</bdi>”"),
        ("of the", "Nothing in the materials is near"),
    ],
)
def test_how_well_it_answers_is_told(student: Visitor, read: Add, words: str, told: str) -> None:
    read("Cell book.pdf", BOOK)
    read("Notes.md", NOTES)
    page = student.get("materials/search", query_string={"q": words}).text
    assert told in page
    assert len(re.findall("data-announce", page)) == 1


def test_the_part_alone_comes_where_the_page_asks_for_it(student: Visitor, read: Add) -> None:
    read("Notes.md", NOTES)
    part = student.get("materials/search?q=membrane", headers=PART).text
    assert "<html" not in part and hits(part)


def test_empty_states(app: Flask, session: Session, course: Course, student: Visitor) -> None:
    page = student.get("materials/search").text
    assert "When your teacher adds" in page and "in_place" not in page
    teacher = enter(app, session, course, CourseRole.TEACHER)
    assert "Add the first file" in teacher.get("materials/search?q=x").text
    assert "Search the materials" not in student.get("tutor/").text


def test_where_the_box_stands(student: Visitor, teacher: Visitor, read: Add) -> None:
    read("Notes.md", NOTES)
    address = student.url("materials/search")
    assert f'<a href="{address}">Search the materials</a>' in student.get("tutor/").text
    assert f'action="{teacher.url("materials/search")}"' in teacher.get("materials/").text
    assert "Here stand the passages" in student.get("materials/search").text


def test_students_find_no_hidden_file_and_teachers_do(
    session: Session, student: Visitor, teacher: Visitor, read: Add
) -> None:
    material_id = read("Notes.md", NOTES)
    session.get_one(CourseMaterial, material_id).is_public = False
    session.commit()
    assert "There is nothing to search yet" in student.get("materials/search?q=membrane").text
    assert hits(teacher.get("materials/search?q=membrane").text)


def test_another_course_is_not_searched(
    app: Flask, session: Session, course: Course, read: Add
) -> None:
    read("Notes.md", NOTES)
    stranger = enter(app, session, factories.course(session), CourseRole.TEACHER)
    assert hits(stranger.get("materials/search?q=membrane").text) == []


def test_what_was_typed_is_escaped_cut_and_never_breaks(student: Visitor, read: Add) -> None:
    read("Notes.md", NOTES)
    for odd in ("<script>alert(1)</script> membrane", "membrane\x00", "membrane " * 5000, "% _ '"):
        answer = student.get("materials/search", query_string={"q": odd})
        assert answer.status_code == 200 and "<script>alert" not in answer.text
    assert student.get("materials/search?q=+++").status_code == 200


def test_too_many_searches_are_told(
    student: Visitor, read: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    read("Notes.md", NOTES)
    monkeypatch.setattr(looking, "MOST_SEARCHES", 2)
    answers = [student.get("materials/search?q=membrane") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Please wait a few minutes." in answers[-1].text


def test_no_connection_is_held_while_the_question_gets_its_vector(
    student: Visitor, read: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    read("Notes.md", NOTES)
    held = []

    def embed(question: str, model: EmbeddingProfile) -> list[float]:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return vector_of(question)

    monkeypatch.setattr(questions, "embed_question", embed)
    before = db.engine.pool.checkedout()  # type: ignore[attr-defined]
    assert hits(student.get("materials/search?q=membrane").text)
    assert held == [before]


def test_without_the_model_words_alone_find(
    app: Flask, model: object, student: Visitor, read: Add
) -> None:
    """The model that is configured does not answer: nobody listens at its address."""
    read("Notes.md", NOTES)
    answer = student.get("materials/search?q=membrane")
    assert answer.status_code == 200 and hits(answer.text)


def test_the_same_slide_and_page_are_one_hit(student: Visitor, read: Add) -> None:
    long = "Water moves through a membrane towards the side that holds more salt, and so on. " * 4
    read("Slides.txt", long.encode())
    read("Handout.txt", (long + "End.").encode())
    page = student.get("materials/search?q=membrane").text
    assert len(hits(page)) == 1 and "Also in" in page


@pytest.mark.parametrize(
    ("role", "status"),
    [(CourseRole.TA, 200), (CourseRole.OBSERVER, 403), (CourseRole.ADMINISTRATOR, 403)],
)
def test_rights(
    app: Flask, session: Session, course: Course, role: CourseRole, status: int
) -> None:
    visitor = enter(app, session, course, role)
    assert visitor.get("materials/search?q=x").status_code == status


def test_a_page_beyond_the_end_is_told(student: Visitor, read: Add) -> None:
    material_id: uuid.UUID = read("Cell book.pdf", BOOK)
    page = student.get(f"materials/{material_id}?page=99&view=text").text
    assert "There is no page 99 in this file, which has 3. This is the last one." in page
    assert "There is no page" not in student.get(f"materials/{material_id}?page=3").text


def test_a_link_to_what_was_hidden_says_so_in_words(
    session: Session, student: Visitor, read: Add
) -> None:
    material_id = read("Notes.md", NOTES)
    session.execute(text("update course_materials set is_public = false"))
    session.commit()
    for headers in ({}, {**PART, "HX-Request": "true"}):
        gone = student.get(f"materials/{material_id}", headers=headers)
        unknown = student.get(f"materials/{uuid.uuid4()}", headers=headers)
        assert gone.status_code == unknown.status_code == 404
        assert "a teacher may have removed or hidden it." in gone.text
        assert "a teacher may have removed or hidden it." in unknown.text
