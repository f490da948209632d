"""Whole journeys of files over HTTP with a bucket on a real S3 server, and the bucket's faults."""

import io
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import get_ident

import obstore
import pytest
from flask import Flask
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from app import config
from app.extensions import db
from app.jobs import run_worker
from app.materials import jobs
from app.materials.copying import copy_file
from app.materials.files import bucket as bucket_module
from app.materials.files import incoming
from app.materials.files.storage import StorageUnreachable
from app.materials.search import search
from models import Course, CourseMaterial, IndexingStatus, Upload, now
from scripts.probes import free_port
from tests import factories
from tests.helpers import Visitor
from tests.materials import makers
from tests.materials.conftest import Add, Bucket, Look
from tests.materials.tus import begin, materials, send
from tests.materials.uploading.test_unpacking import packed_names

BOOK = makers.pdf([f"Page {n} tells of thing{n}" for n in range(40)])
NEWER = makers.pdf([f"Page {n} tells of matter{n}" for n in range(40)])


pytestmark = pytest.mark.usefixtures("no_uploads")


@pytest.fixture
def away(bucket: Bucket) -> Iterator[Callable[[], None]]:
    """Lets the S3 server be away from then on, and `config.install(bucket.settings)` come back."""
    endpoint = f"http://127.0.0.1:{free_port()}"
    yield lambda: config.install(replace(bucket.settings, storage_endpoint=endpoint))


@pytest.fixture(autouse=True)
def no_network_inside_a_transaction(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any call of the S3 client by a thread that has a transaction open fails the test."""
    threads: dict[int, int] = {}

    class Watched:
        def __getattr__(self, name: str) -> object:
            assert get_ident() not in threads.values(), f"{name} was called inside a transaction"
            return getattr(obstore, name)

    def begun(connection: object) -> None:
        threads[id(connection)] = get_ident()

    def ended(connection: object) -> None:
        threads.pop(id(connection), None)

    monkeypatch.setattr(bucket_module, "obstore", Watched())
    listeners = {"begin": begun, "commit": ended, "rollback": ended}
    for name, listener in listeners.items():
        event.listen(db.engine, name, listener)
    yield
    for name, listener in listeners.items():
        event.remove(db.engine, name, listener)


def stored(session: Session) -> list[tuple[uuid.UUID, str]]:
    """All materials, and their files as keys of the bucket; no transaction stays open."""
    found = [(one.material_id, f"course/llm/{one.storage_path}") for one in materials(session)]
    session.rollback()
    return found


def test_from_upload_to_purge_all_goes_through_the_bucket(
    bucket: Bucket, session: Session, course: Course, teacher: Visitor, student: Visitor, look: Look
) -> None:
    address = begin(teacher, len(BOOK), filename="Book.pdf").headers["Location"]
    send(teacher, address, 0, BOOK[:5000])
    assert bucket.objects() == {}
    assert send(teacher, address, 5000, BOOK[5000:]).status_code == 204
    [(old, path)] = stored(session)
    assert list(bucket.objects()) == [path]
    assert incoming.ids() == []
    run_worker(config.current(), wait=False)

    whole = student.get(f"materials/{old}/file")
    assert whole.data == BOOK and whole.headers["Accept-Ranges"] == "bytes"
    part = student.get(f"materials/{old}/file", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, BOOK[100:200])
    assert student.get(f"materials/{old}?page=7").status_code == 200

    data = {"files": (io.BytesIO(NEWER), "Newer.pdf"), "replaces": str(old)}
    assert teacher.post("materials/", data=data).status_code == 303
    run_worker(config.current(), wait=False)
    session.rollback()
    new = session.scalars(
        select(CourseMaterial.material_id).where(CourseMaterial.replaces_id == old)
    ).one()
    session.rollback()
    assert student.get(f"materials/{new}/file").data == NEWER
    assert student.get(f"materials/{old}/file").status_code == 404
    assert len(bucket.objects()) == 2

    teacher.post(f"materials/{new}/delete")
    assert student.get(f"materials/{new}/file").status_code == 404
    teacher.post("materials/restore", data={"material": str(new)})
    assert student.get(f"materials/{new}/file").data == NEWER
    found = search(session, course.course_id, "matter7", question_vector=None)
    session.rollback()
    assert {passage.material_id for passage in found.passages} == {new}

    teacher.post(f"materials/{new}/delete")
    session.execute(update(CourseMaterial).values(deleted_at=now() - timedelta(days=8)))
    session.commit()
    jobs.clear_away(0)
    run_worker(config.current(), wait=False)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(CourseMaterial)) == 0
    session.rollback()
    assert bucket.objects() == {}


def test_archives_copies_and_twins_go_through_it_too(
    bucket: Bucket, session: Session, teacher: Visitor, look: Look
) -> None:
    archive = packed_names({"one.md": b"# One\n\nOsmosis", "two.pdf": BOOK})
    for _ in range(2):  # the second is known already
        teacher.post("materials/", data={"files": (io.BytesIO(archive), "week.zip")})
    run_worker(config.current(), wait=False)
    found = {material.title: material.material_id for material in materials(session)}
    session.rollback()
    assert set(found) == {"one", "two", "week.zip"} and len(bucket.objects()) == 3
    assert teacher.get(f"materials/{found['two']}/file").data == BOOK
    other = factories.course(session)
    uploader = factories._teacher_of(session, other)
    session.commit()
    copied = copy_file(found["two"], other.course_id, uploader)
    again = copy_file(found["two"], other.course_id, uploader)
    assert copied is not None and copied == again and len(bucket.objects()) == 4
    assert look(copied).course_id == other.course_id


def test_who_opens_a_file_while_the_bucket_is_away_reads_a_sentence(
    bucket: Bucket,
    away: Callable[[], None],
    student: Visitor,
    read: Add,
    caplog: pytest.LogCaptureFixture,
) -> None:
    material_id = read("a.pdf", BOOK)
    away()
    answer = student.get(f"materials/{material_id}/file")
    assert answer.status_code == 503
    assert "cannot be reached at the moment. Nothing is lost." in answer.text
    assert "127.0.0.1" not in answer.text and "127.0.0.1" in caplog.text
    assert student.get(f"materials/{material_id}?view=text").status_code == 200
    config.install(bucket.settings)
    assert student.get(f"materials/{material_id}/file").data == BOOK


def test_an_upload_that_has_arrived_is_added_once_the_bucket_is_back(
    bucket: Bucket, away: Callable[[], None], session: Session, teacher: Visitor
) -> None:
    address = begin(teacher, len(BOOK), filename="Book.pdf").headers["Location"]
    away()
    answer = send(teacher, address, 0, BOOK)
    assert answer.status_code == 503 and "The file has arrived" in answer.text
    assert materials(session) == []
    session.execute(update(Upload).values(expires_at=now() + timedelta(hours=23, minutes=50)))
    session.commit()
    jobs.sweep(0)  # still away
    assert materials(session) == []
    session.rollback()
    config.install(bucket.settings)
    jobs.sweep(0)
    [(_, path)] = stored(session)
    assert list(bucket.objects()) == [path]
    assert teacher.get(f"{address}/row").status_code == 201


def test_the_plain_form_adds_nothing_while_the_bucket_is_away(
    bucket: Bucket, away: Callable[[], None], session: Session, teacher: Visitor
) -> None:
    away()
    answer = teacher.post("materials/", data={"files": (io.BytesIO(BOOK), "a.pdf")})
    assert answer.status_code == 503 and "try again in a few minutes" in answer.text
    assert materials(session) == []


def test_reading_waits_for_the_bucket(
    bucket: Bucket,
    away: Callable[[], None],
    add: Add,
    look: Look,
    session: Session,
    teacher: Visitor,
) -> None:
    material_id = add("a.pdf", BOOK)
    away()
    with pytest.raises(StorageUnreachable):  # the queue tries the job again
        jobs.index_words(str(material_id))
    assert look(material_id).indexing_status is IndexingStatus.PENDING
    session.rollback()
    assert "Waiting to be read" in teacher.get("materials/").text
    assert jobs.PATIENT.retry_exceptions and StorageUnreachable in jobs.PATIENT.retry_exceptions
    session.rollback()
    config.install(bucket.settings)
    jobs.index_words(str(material_id))
    assert look(material_id).chunk_count > 0


def test_a_twin_that_cannot_be_removed_at_once_is_removed_later(
    bucket: Bucket,
    session: Session,
    teacher: Visitor,
    read: Add,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read("a.pdf", BOOK)

    def refuse(_self: object, _path: str) -> None:
        raise StorageUnreachable(reason="as the test says")

    with monkeypatch.context() as patch:
        patch.setattr(bucket_module.BucketStorage, "delete", refuse)
        answer = teacher.post("materials/", data={"files": (io.BytesIO(BOOK), "b.pdf")})
    assert answer.status_code == 303 and "known=" in answer.location
    assert len(bucket.objects()) == 2
    run_worker(config.current(), wait=False)
    [(_, path)] = stored(session)
    assert list(bucket.objects()) == [path]


def test_rights_that_were_taken_away_are_not_a_lost_file(
    bucket: Bucket, student: Visitor, read: Add, look: Look
) -> None:
    material_id = read("a.pdf", BOOK)
    bucket.server.refuse_everybody()
    try:
        assert student.get(f"materials/{material_id}/file").status_code == 503
        jobs.verify(0)
    finally:
        bucket.server.refuse_everybody(after=10**9)
    assert look(material_id).file_fault is None


def test_the_sample_course_is_kept_in_the_bucket(
    app: Flask, bucket: Bucket, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEMO_LMS_PORT", raising=False)
    done = app.test_cli_runner().invoke(args=["demo", "course"])
    assert done.exit_code == 0, done.output
    kept = stored(session)
    assert len(kept) > 1 and set(bucket.objects()) == {path for _, path in kept}
