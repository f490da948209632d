"""Stored files are read again: what is damaged or missing is told, nothing is deleted, and the same
file uploaded once more takes its place. In a folder and in a bucket."""

import io
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import config
from app.jobs import run_worker
from app.materials import jobs
from app.materials.files import verification
from app.materials.files.storage import storage
from models import CourseMaterial, FileFault, IndexingStatus, now
from scripts.probes import free_port
from tests.helpers import Visitor
from tests.materials import makers
from tests.materials.conftest import Add, Bucket, Look

Spoil = Callable[[str, bytes], None]
BOOK = makers.pdf(["Photosynthesis needs light", "Respiration frees energy"])


@pytest.fixture(params=["folder", "bucket"])
def spoil(request: pytest.FixtureRequest) -> Spoil:
    """Writes over a stored file, behind the back of the application."""
    if request.param == "folder":
        request.getfixturevalue("app")
        root = Path(urlsplit(config.current().storage_url).path)
        return lambda path, content: (root / path).write_bytes(content) and None
    bucket: Bucket = request.getfixturevalue("bucket")
    return lambda path, content: bucket.server.client.put_object(
        Bucket=bucket.name, Key=f"course/llm/{path}", Body=content
    )


def test_a_checksum_is_taken_on_the_way_in_and_verified(spoil: Spoil, add: Add, look: Look) -> None:
    material_id = add("a.pdf", BOOK)
    assert look(material_id).verified_at is None
    jobs.verify(0)
    first = look(material_id).verified_at
    assert first is not None and look(material_id).file_fault is None
    jobs.verify(0)
    assert look(material_id).verified_at == first  # for a month


@pytest.mark.parametrize("fault", list(FileFault))
def test_a_fault_is_told_to_operator_and_teacher_and_mended_by_the_same_file(
    spoil: Spoil,
    session: Session,
    teacher: Visitor,
    student: Visitor,
    read: Add,
    look: Look,
    caplog: pytest.LogCaptureFixture,
    fault: FileFault,
) -> None:
    material_id = read("a.pdf", BOOK)
    path = look(material_id).storage_path
    if fault is FileFault.MISSING:
        storage().delete(path)
    else:
        spoil(path, BOOK[:-1] + b"?")
    with caplog.at_level(logging.ERROR):
        jobs.verify(0)
    assert f"{path} is {fault.value}" in caplog.text
    assert look(material_id).file_fault is fault and look(material_id).verified_at is None
    page = teacher.get("materials/").text
    assert f"The file is {fault.value} on the server." in page
    assert "One file needs your attention." in page and "Upload it again" in page
    assert student.get(f"materials/{material_id}?view=text").status_code == 200

    teacher.post("materials/", data={"files": (io.BytesIO(BOOK), "a.pdf")})
    mended = look(material_id)
    assert mended.file_fault is None and mended.storage_path != path
    assert session.scalar(select(func.count()).select_from(CourseMaterial)) == 1
    assert student.get(f"materials/{material_id}/file").data == BOOK
    jobs.verify(0)
    assert look(material_id).verified_at is not None
    assert "on the server" not in teacher.get("materials/").text
    run_worker(config.current(), wait=False)
    with pytest.raises(FileNotFoundError):
        storage().size(path)
    assert storage().size(mended.storage_path) == len(BOOK)


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "missing"), (BOOK[:100], "damaged")], ids=["missing", "cut off"]
)
def test_who_opens_a_lost_file_is_told_what_to_do_and_it_is_noted(
    spoil: Spoil,
    teacher: Visitor,
    student: Visitor,
    read: Add,
    look: Look,
    content: bytes | None,
    fault: str,
) -> None:
    material_id = read("a.pdf", BOOK)
    path = look(material_id).storage_path
    storage().delete(path) if content is None else spoil(path, content)
    answer = student.get(f"materials/{material_id}/file")
    assert answer.status_code == 404
    assert f"{fault} on the server. Please tell your teacher." in answer.text
    assert "Upload it again" in teacher.get(f"materials/{material_id}/file").text
    assert f"The file is {fault} on the server." in teacher.get("materials/").text


def test_a_file_put_back_is_found_sound_the_next_day(
    spoil: Spoil, session: Session, read: Add, look: Look
) -> None:
    material_id = read("a.pdf", BOOK)
    path = look(material_id).storage_path
    spoil(path, b"other")
    jobs.verify(0)
    spoil(path, BOOK)
    jobs.verify(0)
    assert look(material_id).file_fault is FileFault.DAMAGED
    session.execute(update(CourseMaterial).values(checked_at=now() - timedelta(days=1, minutes=1)))
    session.commit()
    jobs.verify(0)
    assert look(material_id).file_fault is None


def test_nothing_is_marked_while_the_storage_is_away(
    bucket: Bucket, read: Add, look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    material_id = read("a.pdf", BOOK)
    away = f"http://127.0.0.1:{free_port()}"
    config.install(replace(bucket.settings, storage_endpoint=away))
    jobs.verify(0)
    assert "files can't be verified" in caplog.text
    assert look(material_id).checked_at is None and look(material_id).file_fault is None


def test_a_run_is_bounded_and_takes_what_was_longest_unread(
    session: Session, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [add(f"{number}.txt", f"text {number}".encode()) for number in range(6)]
    for days, material_id in enumerate(ids[:4], start=29):
        session.get_one(CourseMaterial, material_id).checked_at = now() - timedelta(days=days)
    session.commit()

    def checked_now() -> set[int]:
        session.rollback()
        recent = now() - timedelta(minutes=5)
        found = session.scalars(
            select(CourseMaterial.material_id).where(CourseMaterial.checked_at > recent)
        )
        return {ids.index(one) for one in found}

    monkeypatch.setattr(verification, "MOST_FILES", 3)
    assert verification.verify_some() == 3 and checked_now() == {4, 5, 3}
    monkeypatch.setattr(verification, "MOST_BYTES", 0)
    assert verification.verify_some() == 1 and checked_now() == {4, 5, 3, 2}
    monkeypatch.setattr(verification, "MOST_BYTES", 1000)
    assert verification.verify_some() == 1 and checked_now() == {4, 5, 3, 2, 1}
    assert verification.verify_some() == 0  # the last was read less than 30 days ago


def test_a_lost_file_that_was_not_read_yet_fails_and_is_added_anew(
    teacher: Visitor, add: Add, look: Look
) -> None:
    material_id = add("a.pdf", BOOK)
    storage().delete(look(material_id).storage_path)
    jobs.verify(0)
    jobs.index_words(str(material_id))
    assert look(material_id).indexing_status is IndexingStatus.FAILED
    teacher.post("materials/", data={"files": (io.BytesIO(BOOK), "a.pdf")})
    assert look(material_id).file_fault is FileFault.MISSING
    assert teacher.get("materials/").text.count('class="cl-file ') == 2
