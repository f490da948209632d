"""Files of another course, brought along: the same bytes, the same title, once."""

import uuid
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import config
from app.materials.copying import copy_all_soon, copy_file
from app.materials.files.storage import storage
from models import Course, CourseMaterial, IndexingStatus, now
from tests import factories

CONTENT = b"# Week 4\n\nStrings."


class Courses:
    """An old course with a file, and a new one without."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.old: Course = factories.course(session)
        self.new: Course = factories.course(session)
        self.teacher = factories.user(session).user_id
        self.material = self.add(title="By hand", is_public=False)
        session.commit()

    def add(self, **given: Any) -> CourseMaterial:
        material_id = uuid.uuid4()
        stored = storage().save(BytesIO(CONTENT), material_id)
        details = {"name": "week-4.md"}
        values = {"material_id": material_id, "storage_path": stored.path, "details": details}
        return factories.material(self.session, self.old, **values, **given)

    def copy(self) -> uuid.UUID | None:
        return copy_file(self.material.material_id, self.new.course_id, self.teacher)

    def copied(self) -> list[CourseMaterial]:
        self.session.rollback()
        mine = select(CourseMaterial).where(CourseMaterial.course_id == self.new.course_id)
        return list(self.session.scalars(mine))

    def files(self) -> int:
        root = Path(config.current().storage_url.removeprefix("file://"))
        return sum(path.is_file() for path in root.rglob("*"))


@pytest.fixture
def courses(session: Session) -> Courses:
    return Courses(session)


def test_the_file_is_the_new_courses_own(courses: Courses) -> None:
    assert courses.copy() is not None
    [copied] = courses.copied()
    assert copied.material_id != courses.material.material_id
    assert (copied.title, copied.is_public) == ("By hand", False)
    assert copied.uploader_id == courses.teacher
    assert copied.indexing_status is IndexingStatus.PENDING
    storage().delete(courses.material.storage_path)
    with storage().local(copied.storage_path) as path:
        assert path.read_bytes() == CONTENT
    jobs = text("select count(*) from procrastinate_jobs where task_name = 'materials:index_words'")
    assert courses.session.scalar(jobs) == 1


@pytest.mark.parametrize("days", [-7, 7])
def test_a_file_with_a_release_date_stays_closed_until_it_has_another(
    courses: Courses, days: int
) -> None:
    courses.material.is_public = True
    courses.material.release_at = now() + timedelta(days=days)
    courses.session.commit()
    courses.copy()
    [copied] = courses.copied()
    assert not copied.is_public and copied.release_at is None


def test_twice_is_once_and_leaves_no_file_behind(courses: Courses) -> None:
    first, before = courses.copy(), courses.files()
    assert courses.copy() == first
    assert len(courses.copied()) == 1
    assert courses.files() == before


def test_a_file_that_is_gone_is_none(courses: Courses) -> None:
    storage().delete(courses.material.storage_path)
    assert courses.copy() is None
    assert courses.copied() == []
    assert copy_file(uuid.uuid4(), courses.new.course_id, courses.teacher) is None


def test_all_of_a_course_are_queued_one_by_one(courses: Courses) -> None:
    session = courses.session
    for _ in range(2):
        queued = copy_all_soon(
            session, courses.old.course_id, courses.new.course_id, courses.teacher
        )
        assert queued == 1
    jobs = text("select args from procrastinate_jobs where task_name = 'materials:copy'")
    [args] = session.scalars(jobs).all()
    assert set(args) == {"material_id", "course_id", "uploader_id"}
