"""Deleted: gone at once for everybody, back for a week, then taken away with all that belongs."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.jobs import run_worker
from app.materials import jobs
from app.materials.files.storage import storage
from app.materials.search import search
from models import (
    ChunkPosting,
    Course,
    CourseMaterial,
    CourseRole,
    IndexingStatus,
    MaterialChunk,
    MaterialPage,
    now,
)
from tests.helpers import Visitor, enter
from tests.materials.conftest import Add, Look, Model

TEXT = b"Osmosis moves water through a membrane."


def found(session: Session, course: Course) -> list[uuid.UUID]:
    session.rollback()
    result = search(
        session, course.course_id, "osmosis membrane", question_vector=None, see_hidden=True
    )
    return [passage.material_id for passage in result.passages]


def test_deleted_is_gone_at_once_for_everybody_and_can_be_undone(
    app: Flask, session: Session, course: Course, teacher: Visitor, read: Add
) -> None:
    material_id = read("a.txt", TEXT)
    student = enter(app, session, course, CourseRole.STUDENT)
    answer = teacher.post(f"materials/{material_id}/delete")
    page = teacher.get(answer.location).text
    assert "“a” was deleted." in page and "Undo" in page and "Recently deleted (1)" in page
    assert "No files" in page
    for visitor in (teacher, student):
        gone = visitor.get(f"materials/{material_id}")
        assert gone.status_code == 404 and "may have removed" in gone.text
        assert visitor.get(f"materials/{material_id}/file").status_code == 404
    assert found(session, course) == []
    back = teacher.post("materials/restore", data={"material": str(material_id)})
    assert back.status_code == 303
    assert student.get(f"materials/{material_id}").status_code == 200
    assert found(session, course) == [material_id]


def test_undo_is_offered_for_some_minutes_and_restoring_for_a_week(
    session: Session, teacher: Visitor, read: Add
) -> None:
    material_id = read("a.txt", TEXT)
    answer = teacher.post(f"materials/{material_id}/delete")
    _deleted_ago(session, minutes=11)
    page = teacher.get(answer.location).text
    assert "“a” was deleted." not in page and "Recently deleted (1)" in page
    _deleted_ago(session, days=7, minutes=1)
    assert "Recently deleted" not in teacher.get("materials/").text
    back = teacher.post("materials/restore", data={"material": str(material_id)})
    assert back.status_code == 404 and "cannot be brought back any more" in back.text


def test_after_a_week_rows_and_file_are_taken_away(
    session: Session, teacher: Visitor, read: Add, look: Look, settings: Settings
) -> None:
    material_id = read("a.txt", TEXT)
    path = look(material_id).storage_path
    teacher.post(f"materials/{material_id}/delete")
    jobs.clear_away(0)
    assert look(material_id).deleted_at is not None
    _deleted_ago(session, days=7, minutes=1)
    jobs.clear_away(0)
    run_worker(settings, wait=False)
    session.rollback()
    for table in (CourseMaterial, MaterialPage, MaterialChunk, ChunkPosting):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    with pytest.raises(FileNotFoundError), storage().local(path):
        pass


def test_more_than_one_step_takes_are_taken_away(
    session: Session, course: Course, teacher: Visitor, add: Add, settings: Settings
) -> None:
    for number in range(25):
        add(f"{number}.txt", str(number).encode())
    session.execute(update(CourseMaterial).values(deleted_at=now() - timedelta(days=8)))
    session.commit()
    jobs.clear_away(0)
    assert session.scalar(select(func.count()).select_from(CourseMaterial)) == 0


def test_a_file_that_is_deleted_can_be_added_again(teacher: Visitor, read: Add) -> None:
    first = read("a.txt", TEXT)
    teacher.post(f"materials/{first}/delete")
    second = read("a.txt", TEXT)
    assert teacher.get(f"materials/{second}").status_code == 200


def test_work_rests_while_deleted_and_goes_on_when_restored(
    session: Session, course: Course, model: Model, teacher: Visitor, add: Add, look: Look
) -> None:
    material_id = add("a.txt", TEXT)
    teacher.post(f"materials/{material_id}/delete")
    jobs.index_words(str(material_id))
    assert look(material_id).indexing_status is IndexingStatus.PENDING
    teacher.post("materials/restore", data={"material": str(material_id)})
    jobs.index_words(str(material_id))
    teacher.post(f"materials/{material_id}/delete")
    jobs.embed_chunks(str(course.course_id))
    assert model.texts == []
    teacher.post("materials/restore", data={"material": str(material_id)})
    jobs.embed_chunks(str(course.course_id))
    assert look(material_id).indexing_status is IndexingStatus.COMPLETED


def _deleted_ago(session: Session, **ago: int) -> None:
    session.rollback()
    session.execute(
        update(CourseMaterial)
        .where(CourseMaterial.deleted_at.is_not(None))
        .values(deleted_at=now() - timedelta(**ago))
    )
    session.commit()
