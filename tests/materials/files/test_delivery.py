"""Files on their way out: rights at each request, ranges, types, nothing that would be run."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from models import Course, CourseMaterial, CourseRole, now
from tests.helpers import Visitor, enter
from tests.materials import makers
from tests.materials.conftest import Add

BOOK = makers.pdf(["Photosynthesis needs light", "Respiration frees energy"])
SCRIPT = b"<!doctype html><html><body><script>top.ran = 1</script><p>Osmosis</p></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>top.ran = 1</script></svg>'


@pytest.fixture(params=["folder", "bucket"], autouse=True)
def kept(request: pytest.FixtureRequest) -> None:
    """Each test once with files in a folder, once with a bucket."""
    request.getfixturevalue("app" if request.param == "folder" else "bucket")


SIZE = len(BOOK)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=10-", 10, SIZE),
        ("bytes=-20", SIZE - 20, SIZE),
        ("bytes=-999999999", 0, SIZE),
        (f"bytes=10-{SIZE + 5}", 10, SIZE),
    ],
)
def test_a_range_is_206(student: Visitor, read: Add, asked: str, start: int, stop: int) -> None:
    material_id = read("a.pdf", BOOK)
    part = student.get(f"materials/{material_id}/file", headers={"Range": asked})
    assert part.data == BOOK[start:stop]
    if (start, stop) != (0, SIZE):
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert part.headers["Content-Length"] == str(stop - start)
    assert part.mimetype == "application/pdf"
    assert part.headers["X-Content-Type-Options"] == "nosniff"
    assert part.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=99999999-100000000"])
def test_a_range_behind_the_end_is_416(student: Visitor, read: Add, asked: str) -> None:
    material_id = read("a.pdf", BOOK)
    refused = student.get(f"materials/{material_id}/file", headers={"Range": asked})
    assert refused.status_code == 416 and refused.data == b""
    assert refused.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=x-y", "bytes=", "nonsense"]
)
def test_other_ranges_are_answered_with_the_whole(student: Visitor, read: Add, asked: str) -> None:
    material_id = read("a.pdf", BOOK)
    answer = student.get(f"materials/{material_id}/file", headers={"Range": asked})
    assert (answer.status_code, answer.data) == (200, BOOK)


def test_if_range_is_for_the_same_version_alone(student: Visitor, read: Add) -> None:
    address = f"materials/{read('a.pdf', BOOK)}/file"
    etag = student.get(address).headers["ETag"]
    same = student.get(address, headers={"Range": "bytes=5-9", "If-Range": etag})
    assert (same.status_code, same.data) == (206, BOOK[5:10])
    for other in ('"another"', f"W/{etag}-", "Wed, 21 Oct 2026 07:28:00 GMT"):
        whole = student.get(address, headers={"Range": "bytes=5-9", "If-Range": other})
        assert (whole.status_code, whole.data) == (200, BOOK)


def test_head_says_what_get_would(student: Visitor, read: Add) -> None:
    address = f"materials/{read('a.pdf', BOOK)}/file"
    head = student.open("HEAD", address, headers={"Range": "bytes=5-9"})
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(SIZE)
    assert head.headers["Accept-Ranges"] == "bytes"
    assert head.headers["ETag"] == student.get(address).headers["ETag"]


def test_a_browser_asks_again_each_time_and_gets_304_only_with_the_right(
    session: Session, student: Visitor, read: Add
) -> None:
    material_id = read("a.pdf", BOOK)
    address = f"materials/{material_id}/file"
    etag = {"If-None-Match": student.get(address).headers["ETag"]}
    assert student.get(address, headers=etag).status_code == 304
    session.execute(update(CourseMaterial).values(is_public=False))
    session.commit()
    assert student.get(address, headers=etag).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"is_public": False},
        {"release_at": now() + timedelta(days=7)},
        {"deleted_at": now()},
    ],
    ids=["hidden", "not released", "deleted"],
)
def test_a_link_ends_at_once_with_the_right_to_it(
    session: Session, student: Visitor, read: Add, change: dict[str, object]
) -> None:
    address = f"materials/{read('a.pdf', BOOK)}/file"
    part = {"Range": "bytes=5-9"}
    assert student.get(address, headers=part).status_code == 206
    session.execute(update(CourseMaterial).values(**change))
    session.commit()
    for headers in ({}, part):
        assert student.get(address, headers=headers).status_code == 404


def test_a_link_is_the_sessions_own_and_the_versions_own(
    app: Flask, session: Session, course: Course, student: Visitor, teacher: Visitor, read: Add
) -> None:
    material_id = read("a.pdf", BOOK)
    address = student.url(f"materials/{material_id}/file")
    assert student.get(address).status_code == 200
    assert app.test_client().get(address).status_code == 401
    classmate = enter(app, session, course, CourseRole.STUDENT)
    assert classmate.get(address).status_code == 401  # with a credential, but of another session
    newer = read("b.pdf", makers.pdf(["Osmosis"]))
    session.execute(
        update(CourseMaterial)
        .where(CourseMaterial.material_id == newer)
        .values(replaces_id=material_id)
    )
    session.execute(
        update(CourseMaterial)
        .where(CourseMaterial.material_id == material_id)
        .values(deleted_at=now())
    )
    session.commit()
    assert student.get(address).status_code == 404
    assert teacher.get(f"materials/{material_id}/file").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("page.html", SCRIPT, "text/html"),
        ("picture.svg", SVG, "text/plain"),
        ("notes.md", b"# Osmosis\n\n<script>top.ran = 1</script>", "text/markdown"),
        ("notes.txt", b"Osmosis <script>top.ran = 1</script>", "text/plain"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + SCRIPT, "image/png"),
        ("data.unheard", b"\0\1\2" + SCRIPT, "application/octet-stream"),
        ("slides.pptx", makers.slides(("Osmosis", "Water", "")), None),
    ],
    ids=lambda given: given if isinstance(given, str) and "." in given else "",
)
def test_what_could_run_is_saved_with_its_true_type_and_has_no_rights(
    teacher: Visitor, read: Add, name: str, content: bytes, media_type: str | None
) -> None:
    material_id = read(name, content)
    for query in ("", "?download=1"):
        answer = teacher.get(f"materials/{material_id}/file{query}")
        assert answer.data == content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in answer.headers["Cache-Control"]
        if media_type:
            assert answer.mimetype == media_type
        else:
            assert answer.mimetype.endswith("presentationml.presentation")
        if media_type != "text/plain" or query:
            assert answer.headers["Content-Disposition"].startswith("attachment")
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("sandbox;") and "allow-scripts" not in policy


def test_names_are_sent_in_both_writings(teacher: Visitor, read: Add) -> None:
    material_id = read('Woche "1" – Größe;x.pdf', BOOK)
    disposition = teacher.get(f"materials/{material_id}/file?download=1").headers[
        "Content-Disposition"
    ]
    assert "filename*=UTF-8''Woche%20%221%22%20%E2%80%93%20Gr%C3%B6%C3%9Fe%3Bx.pdf" in disposition
    assert "\n" not in disposition
