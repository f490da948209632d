"""Pages that are pictures are read in the end, whatever becomes of the job that was to do it."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.config import Settings
from app.materials import jobs, reading
from app.materials.files.storage import StorageUnreachable, storage
from app.materials.indexing import steps
from models import Course, CourseMaterial, CourseRole, IndexingStatus
from tests.helpers import enter
from tests.materials import makers
from tests.materials.conftest import Add, Look, Model
from tests.materials.queued import GIVEN_UP, run, waiting, work

SCAN, MIXED = makers.scan("scan"), makers.scan("mixed", "Osmosis moves water")


pytestmark = pytest.mark.usefixtures("reading_pictures")


@pytest.fixture
def reading_pictures(gate: Path) -> None:
    gate.touch()


def details(material: CourseMaterial) -> dict[str, Any]:
    return material.details or {}


def test_a_storage_away_for_longer_than_the_job_tries(
    session: Session,
    settings: Settings,
    model: Model,
    read: Add,
    look: Look,
) -> None:
    material_id = read("a.pdf", SCAN)

    def away() -> None:
        raise StorageUnreachable("as the test says")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "storage", away)
        with pytest.raises(StorageUnreachable):
            jobs.recognise(str(material_id))
    run(session, GIVEN_UP)
    assert look(material_id).indexing_status is IndexingStatus.PROCESSING
    assert waiting(session, "recognise") == []
    jobs.sweep(0)
    assert waiting(session, "recognise") == ["todo"]
    work(session, settings)
    found = look(material_id)
    assert found.chunk_count > 0 and details(found)["recognised_pages"] == 3
    assert "recognising" not in details(found)


@pytest.mark.parametrize("content", [SCAN, MIXED], ids=["scan", "mixed"])
def test_a_file_that_was_deleted_while_its_job_came(
    app: Flask,
    session: Session,
    course: Course,
    settings: Settings,
    model: Model,
    read: Add,
    look: Look,
    content: bytes,
) -> None:
    teacher = enter(app, session, course, CourseRole.TEACHER)
    material_id = read("a.pdf", content)
    while content == MIXED and look(material_id).indexing_status is not IndexingStatus.COMPLETED:
        jobs.embed_chunks(str(course.course_id))
    teacher.post(f"materials/{material_id}/delete")
    work(session, settings)
    jobs.sweep(0)
    assert waiting(session, "recognise") == [], "nothing is done for what is deleted"
    teacher.post("materials/restore", data={"material": str(material_id)})
    assert waiting(session, "recognise") == ["todo"]
    work(session, settings)
    found = look(material_id)
    assert found.indexing_status is IndexingStatus.COMPLETED
    assert details(found)["recognised_pages"] >= 2 and "recognising" not in details(found)


def test_a_file_that_waits_for_its_pictures_is_not_read_once_more(
    session: Session, settings: Settings, model: Model, read: Add, look: Look
) -> None:
    """Else, as after a worker's death at the wrong moment, both jobs ran at once, and the reader
    said again of what was recognised meanwhile that it is pictures."""
    material_id = read("a.pdf", SCAN)
    assert steps.begin_reading(session, material_id) is None
    session.commit()
    assert look(material_id).indexing_status is IndexingStatus.PROCESSING
    work(session, settings)
    found = look(material_id)
    assert found.chunk_count > 0 and "recognising" not in details(found)


def test_the_sweep_queues_nothing_twice(session: Session, model: Model, read: Add) -> None:
    read("a.pdf", SCAN)
    for _ in range(2):
        jobs.sweep(0)
        assert waiting(session, "recognise") == ["todo"]
    run(session, "delete from procrastinate_jobs")
    jobs.sweep(0)
    assert waiting(session, "recognise") == ["todo"]


def test_a_file_that_is_missing_is_told(
    session: Session, model: Model, read: Add, look: Look
) -> None:
    scan, mixed = read("a.pdf", SCAN), read("b.pdf", MIXED)
    for key in (scan, mixed):
        storage().delete(look(key).storage_path)
        jobs.recognise(str(key))
    assert look(scan).indexing_status is IndexingStatus.FAILED
    assert details(look(scan))["reason"] == reading.LOST
    assert look(mixed).chunk_count > 0 and details(look(mixed))["without_text"] == [2, 3]
