"""Who may have a file as it was uploaded: who may read it, unless a teacher says otherwise or it
holds more than is shown."""

import io
import re
import uuid
from collections.abc import Callable

import pptx
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.materials import jobs
from models import Course, CourseMaterial, CourseRole, now
from tests import factories
from tests.helpers import Visitor, enter
from tests.materials import makers
from tests.materials.conftest import Add

Look = Callable[[uuid.UUID], CourseMaterial]
FILES = {
    "deck.pptx": makers.slides(("Osmosis", "Water moves", "Ask first")),
    "notes.docx": makers.document((1, "Osmosis"), (0, "Water moves.")),
    "notes.md": b"# Osmosis\n\nWater moves.\n",
    "notes.txt": b"Water moves.",
    "page.html": b"<!DOCTYPE html><h1>Osmosis</h1><p>Water moves.</p>",
    "book.pdf": makers.pdf(["Osmosis\nWater moves."]),
}


def with_hidden_slide() -> bytes:
    deck = pptx.Presentation(io.BytesIO(makers.slides(("Task", "Try", ""), ("Solution", "42", ""))))
    deck.slides[1]._element.set("show", "0")
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


HIDDEN = with_hidden_slide()


@pytest.fixture
def student(app: Flask, session: Session, course: Course) -> Visitor:
    return enter(app, session, course, CourseRole.STUDENT)


@pytest.fixture
def teacher(app: Flask, session: Session, course: Course) -> Visitor:
    return enter(app, session, course, CourseRole.TEACHER)


def saved(visitor: Visitor, material_id: uuid.UUID) -> bytes | None:
    """What a person gets who presses the reader's button; None where there is none, and nothing
    to be had without it either."""
    address = f"materials/{material_id}/file?download=1"
    answer = visitor.get(address)
    is_offered = f'href="{visitor.url(address)}"' in visitor.get(f"materials/{material_id}").text
    assert (answer.status_code == 200) is is_offered
    if not is_offered:
        assert answer.status_code == 404
        return None
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    return answer.data


def decide(teacher: Visitor, material_id: uuid.UUID, **form: str) -> None:
    data = {"title": "Named", "release": "now", **form}
    assert teacher.post(f"materials/{material_id}/edit", data=data).status_code == 303


def is_ticked(teacher: Visitor, material_id: uuid.UUID) -> bool:
    page = teacher.get(f"materials/{material_id}/edit").text
    [box] = re.findall('<input[^>]*name="may_save"[^>]*>', page)
    return "checked" in box


@pytest.mark.parametrize("name", FILES)
def test_what_a_student_may_read_a_student_may_save_as_it_was_uploaded(
    student: Visitor, teacher: Visitor, read: Add, name: str
) -> None:
    material_id = read(name, FILES[name])
    assert saved(student, material_id) == FILES[name]
    assert is_ticked(teacher, material_id)
    decide(teacher, material_id)
    assert saved(student, material_id) is None
    assert saved(teacher, material_id) == FILES[name]
    assert student.get(f"materials/{material_id}").status_code == 200, "it is read as before"
    shown = student.get(f"materials/{material_id}/file")
    assert (shown.status_code == 200) is (name == "book.pdf"), "the reader draws PDF pages"
    assert not is_ticked(teacher, material_id)
    decide(teacher, material_id, may_save="1")
    assert saved(student, material_id) == FILES[name]


def test_a_deck_with_hidden_slides_is_kept_until_a_teacher_gives_it(
    student: Visitor, teacher: Visitor, read: Add, look: Look
) -> None:
    material_id = read("deck.pptx", HIDDEN)
    assert saved(student, material_id) is None
    edit = teacher.get(f"materials/{material_id}/edit").text
    assert "Its hidden slide, which the tutor does not show, would come along." in edit
    decide(teacher, material_id)
    assert look(material_id).may_be_saved is None, "nothing was decided"
    decide(teacher, material_id, may_save="1")
    assert saved(student, material_id) is not None


def replace(session: Session, teacher: Visitor, old: uuid.UUID, content: bytes) -> uuid.UUID:
    """A teacher uploads a new version, and it is read."""
    name = "newer." + ("pptx" if content == HIDDEN else "docx")
    files = (io.BytesIO(content), name)
    assert (
        teacher.post("materials/", data={"replaces": str(old), "files": files}).status_code == 303
    )
    query = select(CourseMaterial.material_id).where(CourseMaterial.replaces_id == old)
    new = session.scalars(query).one()
    jobs.index_words(str(new))
    return new


def test_leave_for_a_version_is_none_for_the_hidden_slides_of_the_next(
    session: Session, teacher: Visitor, student: Visitor, read: Add, look: Look
) -> None:
    old = read("deck.pptx", FILES["deck.pptx"])
    decide(teacher, old, may_save="1")
    new = replace(session, teacher, old, HIDDEN)
    assert look(old).deleted_at is not None
    assert saved(student, new) is None


def test_what_was_decided_holds_for_the_next_version(
    session: Session, teacher: Visitor, student: Visitor, read: Add, look: Look
) -> None:
    old = read("notes.docx", FILES["notes.docx"])
    decide(teacher, old)
    new = replace(session, teacher, old, makers.document((0, "Water does not move.")))
    assert look(old).deleted_at is not None
    assert saved(student, new) is None


def test_nothing_is_saved_before_it_was_looked_into(student: Visitor, add: Add) -> None:
    assert saved(student, add("deck.pptx", FILES["deck.pptx"])) is None


@pytest.mark.parametrize("state", [{"is_public": False}, {"deleted_at": now()}])
def test_leave_to_save_opens_nothing_that_is_hidden(
    session: Session, student: Visitor, read: Add, state: dict[str, object]
) -> None:
    material_id = read("notes.docx", FILES["notes.docx"])
    material = session.get_one(CourseMaterial, material_id)
    for column, value in {"may_be_saved": True, **state}.items():
        setattr(material, column, value)
    session.commit()
    assert student.get(f"materials/{material_id}/file?download=1").status_code == 404
    assert student.get(f"materials/{material_id}").status_code == 404


def test_members_of_another_course_save_nothing(app: Flask, session: Session, read: Add) -> None:
    material_id = read("notes.docx", FILES["notes.docx"])
    for role in (CourseRole.STUDENT, CourseRole.TEACHER):
        stranger = enter(app, session, factories.course(session), role)
        assert stranger.get(f"materials/{material_id}/file?download=1").status_code == 404
