"""Uploads by tus 1.0 over HTTP: begun, broken off, gone on with, ended, swept."""

import base64
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app import config
from app.config import Settings
from app.materials import jobs
from app.materials.files import incoming
from app.materials.files.storage import storage
from app.materials.uploading import uploads
from models import Course, CourseRole, Upload, now
from tests import factories
from tests.helpers import Visitor, enter
from tests.materials.conftest import Add, Look
from tests.materials.tus import TEXT, TUS, ask, begin, materials, metadata, send, uploads_of

pytestmark = pytest.mark.usefixtures("no_uploads")


def test_the_server_says_what_it_can_do(teacher: Visitor) -> None:
    answer = teacher.open("OPTIONS", "materials/uploads/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,expiration,termination"
    assert answer.headers["Tus-Max-Size"] == str(config.current().upload_limit_bytes)


def test_a_file_comes_in_pieces_and_becomes_a_material(session: Session, teacher: Visitor) -> None:
    made = begin(teacher)
    address = made.headers["Location"]
    assert made.status_code == 201 and "Upload-Expires" in made.headers
    assert ask(teacher, address).headers["Upload-Offset"] == "0"
    first = send(teacher, address, 0, TEXT[:1500])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1500")
    where = ask(teacher, address)
    assert (where.headers["Upload-Offset"], where.headers["Upload-Length"]) == ("1500", "4000")
    assert teacher.get(f"{address}/row").status_code == 410 and materials(session) == []
    last = send(teacher, address, 1500, TEXT[1500:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, "4000")
    [material] = materials(session)
    assert (material.title, material.file_size_bytes) == ("Woche 1 – Größe", 4000)
    with storage().local(material.storage_path) as path:
        assert path.read_bytes() == TEXT
    answer = teacher.get(f"{address}/row")
    assert answer.status_code == 201 and f"material-{material.material_id}" in answer.text
    assert ask(teacher, address).headers["Upload-Offset"] == "4000"  # its last answer may get lost
    assert incoming.ids() == []


def test_the_page_tells_what_is_unfinished(session: Session, teacher: Visitor) -> None:
    address = begin(teacher, modified="1700000000123").headers["Location"]
    send(teacher, address, 0, TEXT[:1000])
    page = teacher.get("materials/").text
    assert "Uploading stopped at 25 %" in page and f'data-unfinished="{address}"' in page
    assert 'data-size="4000"' in page and 'data-modified="1700000000123"' in page
    answer = teacher.post(f"{address}/discard")
    assert answer.status_code == 303 and "stopped at" not in teacher.get(answer.location).text
    assert uploads_of(session) == [] and incoming.ids() == []


@pytest.fixture
def server(app: Flask) -> Iterator[int]:
    """The application behind a real socket: its port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_port
    server.shutdown()


def test_after_a_dropped_connection_it_goes_on_at_the_byte_that_is_safe(
    session: Session, teacher: Visitor, server: int
) -> None:
    content = bytes(range(256)) * 12_000  # three pieces
    address = begin(teacher, len(content), filename="big.txt").headers["Location"]
    with socket.create_connection(("127.0.0.1", server)) as line:
        head = (
            f"PATCH {address} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: Bearer {teacher.secret}\r\nUpload-Offset: 0\r\n"
            "Content-Type: application/offset+octet-stream\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        line.sendall(head.encode() + content[:2_500_000])
    wait_for(lambda: uploads_of(session)[0].received >= 2 << 20)
    base = f"http://127.0.0.1:{server}"
    headers = {**TUS, "Authorization": f"Bearer {teacher.secret}"}
    asked = requests.head(base + address, headers=headers, timeout=60)
    safe = int(asked.headers["Upload-Offset"])
    assert 2 << 20 <= safe <= 2_500_000
    headers |= {"Upload-Offset": str(safe), "Content-Type": "application/offset+octet-stream"}
    sent = requests.patch(base + address, data=content[safe:], headers=headers, timeout=60)
    assert sent.status_code == 204
    [material] = materials(session)
    with storage().local(material.storage_path) as path:
        assert path.read_bytes() == content


def wait_for(done: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(600):
        if done():
            return
        waiting.wait(0.1)
    raise AssertionError("it never came")


def test_a_web_process_holds_one_piece_however_large_the_file(
    session: Session, course: Course, teacher: Visitor
) -> None:
    begin(teacher, 100 << 20, filename="big.txt")
    [upload] = uploads_of(session)
    asked: list[int] = []

    class Line:
        def read(self, size: int, /) -> bytes:
            asked.append(size)
            if len(asked) > 8:
                raise ConnectionResetError
            return bytes(size)

    assert uploads.receive(upload, 0, Line()) == 8 << 20
    assert set(asked) == {1 << 20}
    assert uploads_of(session)[0].received == 8 << 20


def test_of_two_requests_at_the_same_byte_one_counts(session: Session, teacher: Visitor) -> None:
    """As when a connection is dead without saying so, and the browser has gone on by another."""
    address = begin(teacher).headers["Location"]
    [upload] = uploads_of(session)

    class Slow:
        def read(self, size: int, /) -> bytes:
            assert send(teacher, address, 0, TEXT).status_code == 204  # the other was faster
            return b"x" * size

    with pytest.raises(uploads.WrongOffset):
        uploads.receive(upload, 0, Slow())
    with storage().local(materials(session)[0].storage_path) as path:
        assert path.read_bytes() == TEXT


def test_what_another_request_has_sent_is_not_sent_over(session: Session, teacher: Visitor) -> None:
    address = begin(teacher).headers["Location"]
    send(teacher, address, 0, TEXT[:1000])
    again = send(teacher, address, 0, TEXT)
    assert again.status_code == 409
    assert ask(teacher, address).headers["Upload-Offset"] == "1000"


def test_bytes_beyond_the_announced_size_are_left(session: Session, teacher: Visitor) -> None:
    address = begin(teacher, 10, filename="a.txt").headers["Location"]
    assert send(teacher, address, 0, TEXT).headers["Upload-Offset"] == "10"
    assert materials(session)[0].file_size_bytes == 10


def test_an_upload_is_ended(session: Session, teacher: Visitor) -> None:
    address = begin(teacher).headers["Location"]
    send(teacher, address, 0, TEXT[:1000])
    assert teacher.open("DELETE", address, headers=TUS).status_code == 204
    assert ask(teacher, address).status_code == 404
    assert uploads_of(session) == [] and incoming.ids() == []


def test_a_file_that_is_here_already_is_told(session: Session, teacher: Visitor, read: Add) -> None:
    read("first.txt", TEXT)
    before = _stored()
    address = begin(teacher, filename="copy.txt").headers["Location"]
    assert send(teacher, address, 0, TEXT).status_code == 204
    answer = teacher.get(f"{address}/row")
    assert answer.status_code == 200 and "first" in answer.text
    assert len(materials(session)) == 1 and _stored() == before


def test_a_new_version_comes_in(session: Session, teacher: Visitor, read: Add, look: Look) -> None:
    old = read("a.txt", b"old words")
    address = begin(teacher, filename="b.txt", replaces=str(old)).headers["Location"]
    send(teacher, address, 0, TEXT)
    new = next(one for one in materials(session) if one.material_id != old)
    assert new.replaces_id == old and new.title == "a"
    jobs.index_words(str(new.material_id))
    assert look(old).deleted_at is not None


def test_a_version_of_what_was_deleted_meanwhile_comes_in(
    session: Session, teacher: Visitor, read: Add
) -> None:
    old = read("a.txt", b"old words")
    address = begin(teacher, filename="b.txt", replaces=str(old)).headers["Location"]
    teacher.post(f"materials/{old}/delete")
    assert send(teacher, address, 0, TEXT).status_code == 204
    assert teacher.get(f"{address}/row").status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "x"}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": ""}, 400),
        ({"Upload-Length": "9" * 30}, 400),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": str(10**12)}, 413),
        ({"Upload-Metadata": "filename ???"}, 400),
        ({"Upload-Metadata": "filename " + base64.b64encode(b"\xff").decode()}, 400),
        ({"Upload-Metadata": metadata(replaces="nothing")}, 400),
        ({"Upload-Metadata": metadata(replaces=str(uuid.uuid4()))}, 404),
        ({"Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_what_cannot_begin_is_told(
    session: Session, teacher: Visitor, headers: dict[str, str], status: int
) -> None:
    whole = {**TUS, "Upload-Length": "10", "Upload-Metadata": metadata(filename="a"), **headers}
    answer = teacher.post("materials/uploads/", headers=whole)
    assert answer.status_code == status and uploads_of(session) == []
    if status == 412:
        assert answer.headers["Tus-Version"] == "1.0.0"
    else:
        json = {**whole, "Accept": "application/json"}
        assert teacher.post("materials/uploads/", headers=json).get_json()["error"].endswith(".")


def test_pieces_of_another_kind_are_refused(teacher: Visitor) -> None:
    address = begin(teacher).headers["Location"]
    assert send(teacher, address, 0, TEXT, **{"Content-Type": "text/plain"}).status_code == 415
    assert send(teacher, address, 0, TEXT, **{"Upload-Offset": "x"}).status_code == 400


def test_a_full_disk_is_told_before_and_meanwhile(
    session: Session, teacher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = incoming.shutil.disk_usage
    monkeypatch.setattr(
        incoming.shutil, "disk_usage", lambda path: usage(path)._replace(free=incoming.SPARE)
    )
    answer = begin(teacher)
    assert answer.status_code == 507 and "no room left" in answer.text
    monkeypatch.undo()
    address = begin(teacher).headers["Location"]

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(incoming.os, "pwrite", full)
    assert send(teacher, address, 0, TEXT).status_code == 507
    monkeypatch.undo()
    assert ask(teacher, address).headers["Upload-Offset"] == "0"  # nothing was counted
    assert send(teacher, address, 0, TEXT).status_code == 204


def test_bytes_that_are_gone_are_not_gone_on_with(session: Session, teacher: Visitor) -> None:
    address = begin(teacher).headers["Location"]
    send(teacher, address, 0, TEXT[:1000])
    incoming.discard(uploads_of(session)[0].upload_id)
    assert ask(teacher, address).status_code == 410
    assert send(teacher, address, 1000, TEXT[1000:]).status_code == 410


def test_a_whole_upload_whose_last_step_broke_off_becomes_a_material(
    session: Session, teacher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begin(teacher).headers["Location"]

    def broken(*_: Any) -> None:
        raise RuntimeError("as the test says")

    monkeypatch.setattr(uploads, "_turn_into_material", broken)
    assert send(teacher, address, 0, TEXT).status_code == 500
    monkeypatch.undo()
    assert "Uploaded. Being kept" in teacher.get("materials/").text
    jobs.sweep(0)
    assert materials(session) == []  # it may still be at it
    session.execute(update(Upload).values(expires_at=now() + timedelta(hours=23)))
    session.commit()
    jobs.sweep(0)
    assert len(materials(session)) == 1
    assert teacher.get(f"{address}/row").status_code == 201


def test_uploads_that_nobody_went_on_with_are_swept(session: Session, teacher: Visitor) -> None:
    old, young, whole = (begin(teacher, filename=name).headers["Location"] for name in "abc")
    for address in (old, young):
        send(teacher, address, 0, TEXT[:1000])
    send(teacher, whole, 0, TEXT)
    gone, stays = (uuid.UUID(address.rpartition("/")[2]) for address in (old, young))
    session.execute(
        update(Upload).where(Upload.upload_id == gone).values(expires_at=now() - timedelta(hours=1))
    )
    session.commit()
    stray = uuid.uuid4()
    incoming.write(stray, 0, b"of no row")
    assert ask(teacher, old).status_code == 404
    jobs.clear_away(0)
    assert incoming.ids() == [stays]
    assert gone not in {upload.upload_id for upload in uploads_of(session)}


def test_an_upload_is_the_persons_own(
    app: Flask, session: Session, course: Course, teacher: Visitor
) -> None:
    address = begin(teacher).headers["Location"]
    upload_id = address.rpartition("/")[2]
    elsewhere = enter(app, session, factories.course(session), CourseRole.TEACHER)
    colleague = enter(app, session, course, CourseRole.TEACHER)
    student = enter(app, session, course, CourseRole.STUDENT)
    for stranger, status in ((elsewhere, 404), (colleague, 404), (student, 403)):
        path = f"materials/uploads/{upload_id}"
        assert ask(stranger, path).status_code == status
        assert send(stranger, path, 0, TEXT).status_code == status
        assert stranger.open("DELETE", path, headers=TUS).status_code == status
        assert stranger.get(f"{path}/row").status_code == status
        assert stranger.post(f"{path}/discard").status_code == status
    assert begin(student).status_code == 403
    assert ask(teacher, address).headers["Upload-Offset"] == "0"


def test_a_file_above_the_limit_is_told_by_its_size(settings: Settings, teacher: Visitor) -> None:
    config.install(replace(settings, upload_limit_bytes=1000))
    answer = begin(teacher)
    config.install(settings)
    assert answer.status_code == 413 and "Split it, or save a smaller copy" in answer.text


def _stored() -> list[Path]:
    found = Path(config.current().storage_url.removeprefix("file://"))
    return sorted(path for path in found.rglob("*") if path.is_file())
