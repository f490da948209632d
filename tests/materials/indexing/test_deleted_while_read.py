"""Files that a teacher deletes or brings back while they are being read."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.materials import jobs, reading
from models import Activity, ActivityKind, Course, CourseMaterial, now
from tests.helpers import Visitor
from tests.materials import makers
from tests.materials.conftest import Add, Look, Model
from tests.materials.test_versions import NEW, OLD, found, replace, version_of

Meanwhile = Callable[[Callable[[], object]], None]
PNG = b"\x89PNG\r\n\x1a\n"
MIXED = makers.scan("mixed", "Osmosis moves water")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Lets something happen once, after the job has begun with a file and before it keeps it."""
    extract = reading.extract

    def plan(happen: Callable[[], object]) -> None:
        left = [happen]

        def extract_meanwhile(*given: Any) -> Any:
            try:
                return extract(*given)
            finally:
                while left:
                    left.pop()()

        monkeypatch.setattr(reading, "extract", extract_meanwhile)

    return plan


def delete(teacher: Visitor, material_id: uuid.UUID) -> None:
    assert teacher.post(f"materials/{material_id}/delete").status_code == 303


def restore(teacher: Visitor, material_id: uuid.UUID) -> None:
    answer = teacher.post("materials/restore", data={"material": str(material_id)})
    assert answer.status_code == 303


def card_for(session: Session, course: Course, material: CourseMaterial) -> Activity:
    activity = Activity(
        course_id=course.course_id,
        kind=ActivityKind.MATERIAL,
        title="Read this",
        material_id=material.material_id,
        created_by=material.uploader_id,
    )
    session.add(activity)
    session.commit()
    return activity


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("a.txt", OLD, NEW), ("a.png", PNG + b"first", PNG + b"second")],
    ids=["read", "kept unread"],
)
def test_a_version_deleted_while_it_is_read_takes_over_once_it_is_restored(
    session: Session,
    course: Course,
    teacher: Visitor,
    read: Add,
    look: Look,
    meanwhile: Meanwhile,
    name: str,
    first: bytes,
    second: bytes,
) -> None:
    old = read(name, first)
    activity = card_for(session, course, look(old))
    replace(teacher, old, second, name)
    new = version_of(session, old)
    meanwhile(lambda: delete(teacher, new))
    jobs.index_words(str(new))
    assert is_kept(look(new)), "it was being read when it was deleted"
    assert look(old).deleted_at is None and look(new).deleted_at is not None
    session.refresh(activity)
    assert activity.material_id == old
    restore(teacher, new)
    assert look(old).deleted_at is not None and look(new).deleted_at is None
    session.refresh(activity)
    assert activity.material_id == new


def is_kept(material: CourseMaterial) -> bool:
    return material.chunk_count > 0 or "not_searched" in (material.details or {})


def test_a_version_gone_back_to_while_pictures_are_read_stays(
    session: Session,
    course: Course,
    teacher: Visitor,
    model: Model,
    read: Add,
    look: Look,
    gate: Path,
    meanwhile: Meanwhile,
) -> None:
    gate.touch()
    old = read("a.txt", OLD)
    replace(teacher, old, MIXED, "b.pdf")
    new = version_of(session, old)
    jobs.index_words(str(new))
    assert found(session, course) == [new]
    meanwhile(lambda: restore(teacher, old))
    jobs.recognise(str(new))
    assert (look(new).details or {})["recognised_pages"] == 2
    assert look(old).deleted_at is None and look(new).deleted_at is not None
    assert found(session, course) == [old]
    restore(teacher, new)
    assert found(session, course) == [new] and look(old).deleted_at is not None


def test_what_is_deleted_while_it_is_read_is_no_trouble(
    session: Session,
    course: Course,
    teacher: Visitor,
    model: Model,
    add: Add,
    look: Look,
    meanwhile: Meanwhile,
) -> None:
    """Deleted for everybody, then taken away for good, in the middle of the same reading."""
    material_id = add("a.txt", OLD)
    meanwhile(lambda: delete(teacher, material_id))
    jobs.index_words(str(material_id))
    jobs.embed_chunks(str(course.course_id))
    assert found(session, course) == [] and model.texts == []

    other = add("b.txt", NEW)
    meanwhile(lambda: take_away(session, other))
    jobs.index_words(str(other))
    jobs.embed_chunks(str(course.course_id))
    assert model.texts == []
    session.rollback()
    assert session.get(CourseMaterial, other) is None


def take_away(session: Session, material_id: uuid.UUID) -> None:
    session.rollback()
    session.get_one(CourseMaterial, material_id).deleted_at = now() - timedelta(days=8)
    session.commit()
    jobs.clear_away(0)
