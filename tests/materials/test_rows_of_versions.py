"""A file and the new versions that wait for its place are one row: deleted, hidden and brought back
together; and two of them that are read at once stand in nobody's way."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.extensions import db, transaction
from app.materials import jobs
from app.materials.deletion import take_away
from app.materials.indexing import steps
from models import AuditEvent, Course, CourseMaterial, IndexingStatus, now
from tests.helpers import Visitor
from tests.materials.conftest import Add, Look
from tests.materials.test_versions import NEW, OLD, found, replace, version_of
from tests.workers import until

ONCE_MORE = b"Osmosis, once more about water."


@pytest.fixture
def old(read: Add) -> uuid.UUID:
    """A file in use."""
    return read("a.txt", OLD)


@pytest.fixture
def new(session: Session, teacher: Visitor, old: uuid.UUID) -> uuid.UUID:
    """A version of it that waits to be read."""
    replace(teacher, old, NEW)
    return version_of(session, old)


def later_than(session: Session, first: uuid.UUID, old: uuid.UUID) -> uuid.UUID:
    session.rollback()
    query = select(CourseMaterial.material_id).where(
        CourseMaterial.replaces_id == old, CourseMaterial.material_id != first
    )
    return session.scalars(query).one()


def restore(teacher: Visitor, *ids: uuid.UUID) -> None:
    answer = teacher.post("materials/restore", data={"material": [str(one) for one in ids]})
    assert answer.status_code == 303


def delete(teacher: Visitor, material_id: uuid.UUID, how: str = "alone") -> str:
    """The page that comes after it."""
    if how == "alone":
        answer = teacher.post(f"materials/{material_id}/delete")
    else:
        data = {"material": str(material_id), "do": "delete"}
        answer = teacher.post("materials/chosen", data=data)
    return teacher.get(answer.location).text


@pytest.mark.parametrize("how", ["alone", "ticked"])
def test_a_row_is_deleted_with_the_version_that_waits_in_it(
    session: Session,
    course: Course,
    teacher: Visitor,
    student: Visitor,
    old: uuid.UUID,
    new: uuid.UUID,
    look: Look,
    how: str,
) -> None:
    page = delete(teacher, old, how)
    assert "“a” was deleted." in page and "Recently deleted (1)" in page and "No files" in page
    jobs.index_words(str(new))
    assert found(session, course) == [] and look(new).deleted_at is not None
    assert student.get(f"materials/{new}").status_code == 404
    assert student.get(f"materials/{old}").status_code == 404


def test_both_come_back_and_the_version_takes_over_once_it_is_read(
    session: Session,
    course: Course,
    teacher: Visitor,
    old: uuid.UUID,
    new: uuid.UUID,
    look: Look,
) -> None:
    delete(teacher, old)
    restore(teacher, old)
    page = teacher.get("materials/").text
    assert "New version</strong>" in page and "Recently deleted" not in page
    assert found(session, course) == [old]
    jobs.index_words(str(new))
    assert found(session, course) == [new] and look(old).deleted_at is not None


def test_a_version_that_was_deleted_while_it_was_read_takes_over_when_the_row_comes_back(
    session: Session,
    course: Course,
    teacher: Visitor,
    old: uuid.UUID,
    new: uuid.UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chunks_of = steps.chunks_of

    def after_deletion(read: Any) -> Any:
        delete(teacher, old)
        return chunks_of(read)

    monkeypatch.setattr(steps, "chunks_of", after_deletion)
    jobs.index_words(str(new))
    assert found(session, course) == []
    restore(teacher, old)
    assert found(session, course) == [new]


def test_a_version_that_could_not_be_read_comes_back_as_that(
    session: Session, teacher: Visitor, add: Add, look: Look
) -> None:
    """Neither has any text yet."""
    old = add("a.txt", OLD)
    replace(teacher, old, NEW)
    new = version_of(session, old)
    steps_failed(new)
    delete(teacher, old)
    restore(teacher, old)
    assert look(old).deleted_at is None and look(new).deleted_at is None
    assert look(new).indexing_status is IndexingStatus.FAILED
    assert teacher.get("materials/").text.count("The new version could not be read.") == 1


def steps_failed(material_id: uuid.UUID) -> None:
    with transaction() as step:
        steps.mark_failed(step, material_id, "It is broken.")


def test_a_version_that_was_discarded_before_stays_away(
    session: Session, teacher: Visitor, old: uuid.UUID, new: uuid.UUID, look: Look
) -> None:
    delete(teacher, new)
    page = delete(teacher, old)
    assert "Recently deleted (2)" in page
    restore(teacher, old)
    assert look(new).deleted_at is not None and look(old).deleted_at is None


@pytest.mark.parametrize("how", ["ticked", "edited", "dated"])
def test_a_row_is_hidden_with_the_version_that_waits_in_it(
    session: Session,
    course: Course,
    teacher: Visitor,
    student: Visitor,
    old: uuid.UUID,
    new: uuid.UUID,
    look: Look,
    how: str,
) -> None:
    if how == "ticked":
        teacher.post("materials/chosen", data={"material": str(old), "do": "hide"})
    else:
        day = f"{now() + timedelta(days=3):%Y-%m-%dT%H:%M}"
        form = {"title": "a", "release": "hidden" if how == "edited" else "from"}
        teacher.post(f"materials/{old}/edit", data={**form, "release_at": day})
    assert student.get(f"materials/{new}").status_code == 404
    assert look(new).is_public == look(old).is_public
    assert look(new).release_at == look(old).release_at
    kept = None if how == "ticked" else False  # the form comes without that tick
    assert look(new).may_be_saved is kept


def test_what_is_hidden_comes_back_hidden(
    session: Session, teacher: Visitor, old: uuid.UUID, new: uuid.UUID, look: Look
) -> None:
    teacher.post("materials/chosen", data={"material": str(old), "do": "hide"})
    delete(teacher, old)
    restore(teacher, old)
    jobs.index_words(str(new))
    assert look(old).deleted_at is not None and not look(new).is_public


def test_what_waited_for_a_version_waits_for_the_one_that_was_gone_back_to(
    session: Session,
    course: Course,
    teacher: Visitor,
    old: uuid.UUID,
    new: uuid.UUID,
    look: Look,
) -> None:
    jobs.index_words(str(new))
    replace(teacher, new, ONCE_MORE)
    third = version_of(session, new)
    restore(teacher, old)
    assert teacher.get("materials/").text.count('class="name"') == 2, (
        "one row, and one that is gone"
    )
    jobs.index_words(str(third))
    assert found(session, course) == [third]
    assert look(old).deleted_at is not None and look(new).deleted_at is not None
    restore(teacher, old)
    assert found(session, course) == [old]


def test_a_version_of_one_that_was_gone_back_from_replaces_what_is_in_use(
    session: Session,
    course: Course,
    teacher: Visitor,
    old: uuid.UUID,
    new: uuid.UUID,
    look: Look,
) -> None:
    """As it was left by a version that came in just when another was gone back to."""
    jobs.index_words(str(new))
    replace(teacher, new, ONCE_MORE)
    third = version_of(session, new)
    restore(teacher, old)
    session.get_one(CourseMaterial, third).replaces_id = new
    session.commit()
    jobs.index_words(str(third))
    assert found(session, course) == [third] and look(old).deleted_at is not None


def test_one_that_came_too_late_is_recorded_and_says_so(
    session: Session, course: Course, teacher: Visitor, old: uuid.UUID, new: uuid.UUID
) -> None:
    replace(teacher, old, ONCE_MORE)
    later = later_than(session, new, old)
    jobs.index_words(str(later))
    session.rollback()
    query = select(AuditEvent).where(AuditEvent.action == "material.superseded")
    event = session.scalars(query).one()
    assert (event.subject, event.details) == (str(new), {"by": str(later)})
    assert event.course_id == course.course_id
    page = teacher.get("materials/").text
    assert "Recently deleted (2)" in page
    assert page.count("A new version that never came into use: a later one was read first.") == 1
    assert page.count("Another version took its place.") == 1
    assert delete(teacher, later).count("Another version took its place.") == 1


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """(the words of a version are written, it may go on): each stops before it takes over."""
    written, go_on = Event(), Event()
    take_over = steps.take_over

    def stopped(*given: Any) -> None:
        written.set()
        assert go_on.wait(120)
        take_over(*given)

    monkeypatch.setattr(steps, "take_over", stopped)
    yield written, go_on
    go_on.set()


def waits(count: int) -> bool:
    """Whether so many connections stand in line."""
    query = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    with db.engine.connect() as connection:
        return connection.scalar(query) == count


def test_two_versions_that_are_read_at_once_do_not_wait_for_each_other(
    app: Flask,
    session: Session,
    course: Course,
    teacher: Visitor,
    old: uuid.UUID,
    new: uuid.UUID,
    look: Look,
    gates: tuple[Event, Event],
) -> None:
    replace(teacher, old, ONCE_MORE)
    later = later_than(session, new, old)
    session.rollback()
    written, go_on = gates

    def read(material_id: uuid.UUID) -> None:
        with app.app_context():
            jobs.index_words(str(material_id))

    with ThreadPoolExecutor(2) as pool:
        try:
            first = pool.submit(read, new)
            assert written.wait(60)
            written.clear()
            second = pool.submit(read, later)
            until(lambda: written.is_set() or waits(1), 60)
        finally:
            go_on.set()
        first.result(60)
        second.result(60)
    assert found(session, course) == [later]
    assert look(old).deleted_at is not None and look(new).deleted_at is not None


def test_a_row_that_is_deleted_while_its_version_takes_over_is_gone(
    app: Flask,
    session: Session,
    course: Course,
    teacher: Visitor,
    old: uuid.UUID,
    new: uuid.UUID,
    gates: tuple[Event, Event],
) -> None:
    session.rollback()
    written, go_on = gates

    def read() -> None:
        with app.app_context():
            jobs.index_words(str(new))

    with ThreadPoolExecutor(2) as pool:
        try:
            reading = pool.submit(read)
            assert written.wait(60)
            data = {"material": str(old), "do": "delete"}
            deleting = pool.submit(teacher.post, "materials/chosen", data=data)
            until(lambda: waits(1) or deleting.done(), 60)
        finally:
            go_on.set()
        reading.result(60)
        assert deleting.result(60).status_code == 303
    assert found(session, course) == []


def test_the_old_one_is_purged_while_a_version_takes_over(
    app: Flask,
    session: Session,
    course: Course,
    old: uuid.UUID,
    new: uuid.UUID,
    look: Look,
    gates: tuple[Event, Event],
) -> None:
    session.get_one(CourseMaterial, old).deleted_at = now() - timedelta(days=8)
    session.commit()
    written, go_on = gates

    def read() -> None:
        with app.app_context():
            jobs.index_words(str(new))

    def purge() -> int:
        with app.app_context(), transaction() as step:
            return take_away(step, now() - timedelta(days=7))

    with ThreadPoolExecutor(2) as pool:
        try:
            reading = pool.submit(read)
            assert written.wait(60)
            purging = pool.submit(purge)
            until(lambda: waits(1), 60)
        finally:
            go_on.set()
        reading.result(60)
        assert purging.result(60) == 1
    assert found(session, course) == [new]
