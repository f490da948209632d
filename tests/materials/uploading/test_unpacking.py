"""Archives and course packages become the materials that they hold, all of them or none."""

import io
import random
import stat
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import config
from app.materials import jobs
from app.materials.files import incoming
from app.materials.indexing import sandbox
from models import Course, CourseMaterial, CourseRole, FileType, IndexingStatus, now
from tests.helpers import enter
from tests.materials import makers
from tests.materials.conftest import Add, Look

CARTRIDGE = """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m" xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1">
  <metadata><schema>IMS Common Cartridge</schema><schemaversion>1.1.0</schemaversion></metadata>
  <organizations><organization identifier="o" structure="rooted-hierarchy"><item identifier="root">
    <item identifier="week1"><title>Week 1</title>
      <item identifier="i2" identifierref="r2"><title>Lists &amp; loops.md</title></item>
      <item identifier="i4" identifierref="r4"><title>A quiz</title></item>
    </item>
    <item identifier="week2"><title>Week 2</title>
      <item identifier="i1" identifierref="r1"><title>Größe und Länge</title></item>
      <item identifier="gone" identifierref="nothing"><title>Nothing</title></item>
    </item>
  </item></organization></organizations>
  <resources>
    <resource identifier="r1" type="webcontent" href="web_resources/a%20file.txt">
      <file href="web_resources/a%20file.txt"/></resource>
    <resource identifier="r2" type="webcontent" href="web_resources/02_lists.md">
      <file href="web_resources/02_lists.md"/></resource>
    <resource identifier="r3" type="webcontent" href="web_resources/extra.txt">
      <file href="web_resources/extra.txt"/></resource>
    <resource identifier="r5" type="webcontent" href="web_resources/logo.png">
      <file href="web_resources/logo.png"/></resource>
    <resource identifier="r4" type="imsqti_xmlv1p2/imscc_xmlv1p1/assessment">
      <file href="quiz/assessment.xml"/></resource>
  </resources>
</manifest>"""


def packed(**files: bytes) -> bytes:
    return packed_names(dict(files))


def packed_names(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def entries(*infos: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info, content in infos:
            archive.writestr(info, content)
    return out.getvalue()


def others(session: Session, archive: uuid.UUID) -> list[CourseMaterial]:
    """What came out of the archive, in the course's order."""
    session.rollback()
    query = select(CourseMaterial).where(CourseMaterial.material_id != archive)
    return list(session.scalars(query.order_by(CourseMaterial.position)))


def stored_files() -> set[Path]:
    folder = Path(config.current().storage_url.removeprefix("file://"))
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_zip_becomes_its_files_in_their_order(
    app: Flask, session: Session, course: Course, add: Add, look: Look
) -> None:
    archive = add(
        "course.zip",
        packed_names(
            {
                "Week 10/slides.pptx": makers.slides(("Ten", "body", "")),
                "Week 2/Notes_on lists.md": b"# Lists\n\nwords",
                "Week 2/script.pdf": makers.pdf(["Photosynthesis"]),
                "Week 3/script.pdf": makers.pdf(["Respiration"]),
                "Week 3/copy.pdf": makers.pdf(["Respiration"]),
                "pictures/logo.png": b"\x89PNG",
                "__MACOSX/._notes.md": b"junk",
                ".DS_Store": b"junk",
                "inner.zip": packed(a=b"nested"),
                "empty.txt": b"",
            }
        ),
    )
    jobs.index_words(str(archive))
    assert [one.title for one in others(session, archive)] == [
        "Notes on lists",
        "Week 2, script",
        "copy",
        "slides",
    ]
    row = look(archive)
    assert row.indexing_status is IndexingStatus.COMPLETED and not row.is_public
    page = enter(app, session, course, CourseRole.TEACHER).get("materials/").text
    assert "Unpacked: 4 files" in page and "1 was here already." in page
    assert "empty.txt, inner.zip, logo.png" in page and "junk" not in page
    for one in others(session, archive):
        jobs.index_words(str(one.material_id))
    assert {one.indexing_status for one in others(session, archive)} == {IndexingStatus.PROCESSING}
    assert not list(incoming.folder().glob("scratch_*"))


def test_a_common_cartridge_gives_titles_and_order(
    app: Flask, session: Session, course: Course, add: Add
) -> None:
    content = {
        "imsmanifest.xml": CARTRIDGE.encode(),
        "web_resources/a file.txt": b"one",
        "web_resources/02_lists.md": b"# two",
        "web_resources/extra.txt": b"three",
        "web_resources/logo.png": b"\x89PNG",
        "quiz/assessment.xml": b"<x/>",
        "course_settings/notes.txt": b"of the package itself",
    }
    archive = add("export.imscc", packed_names(content))
    jobs.index_words(str(archive))
    found = [(one.title, (one.details or {})["name"]) for one in others(session, archive)]
    assert found == [
        ("Lists & loops", "02_lists.md"),
        ("Größe und Länge", "a file.txt"),
        ("extra", "extra.txt"),
    ]
    page = enter(app, session, course, CourseRole.TEACHER).get("materials/").text
    assert "logo.png" in page and "1 quiz, discussion or link of the package was left out" in page


def test_names_without_the_flag_for_utf_8(session: Session, add: Add) -> None:
    flagged = packed_names({"Größe.txt": b"one", "日本語.txt": b"two"})
    archive = add("a.zip", flagged.replace(b"\x00\x08", b"\x00\x00"))  # bit 11 of the flags
    jobs.index_words(str(archive))
    assert {one.title for one in others(session, archive)} == {"Größe", "日本語"}


def test_release_is_the_archives_own(session: Session, add: Add) -> None:
    archive, moment = add("a.zip", packed_names({"a.txt": b"x"})), now() + timedelta(days=5)
    session.get_one(CourseMaterial, archive).release_at = moment
    session.commit()
    jobs.index_words(str(archive))
    assert [one.release_at for one in others(session, archive)] == [moment]


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("passwords.txt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted() -> bytes:
    plain = bytearray(packed_names({"a.txt": b"words"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(mark) + place] |= 1
    return bytes(plain)


def lying_size() -> bytes:
    """Says that it unpacks to 5 GB."""
    plain = bytearray(packed_names({"a.txt": b"words"}))
    size = (1_900_000_000).to_bytes(4, "little")
    at = plain.index(b"PK\x01\x02")
    plain[at + 24 : at + 28] = size
    return bytes(plain)


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(11):
            with archive.open(f"{number}.txt", "w") as entry:
                for _ in range(100):
                    entry.write(bytes(1 << 20))
    return out.getvalue()


def manifest_bomb() -> bytes:
    entities = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    text = (
        f'<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa">{entities}]><manifest><title>&j;</title></manifest>'
    )
    return packed_names({"imsmanifest.xml": text.encode(), "a.txt": b"x"})


def external_entity() -> bytes:
    text = '<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]><manifest>&a;</manifest>'
    return packed_names({"imsmanifest.xml": text.encode(), "a.txt": b"x"})


@pytest.mark.parametrize(
    ("content", "part_of_the_sentence"),
    [
        (packed_names({"ok.txt": b"x", "../../etc/cron.d/evil.txt": b"x"}), "outside of itself"),
        (packed_names({"ok.txt": b"x", "/etc/evil.txt": b"x"}), "outside of itself"),
        (packed_names({"ok.txt": b"x", "..\\evil.txt": b"x"}), "outside of itself"),
        (packed_names({"ok.txt": b"x", "C:\\evil.txt": b"x"}), "outside of itself"),
        (entries((zipfile.ZipInfo("ok.txt"), b"x"), (link(), b"/etc/passwd")), "holds a link"),
        (encrypted(), "protected by a password"),
        (bomb(), "Unpacked, the archive would take 1.2 GB"),
        (lying_size(), "Unpacked, the archive would take 1.9 GB"),
        (packed_names({f"{n}.txt": b"" for n in range(10_000)}), "holds 10,000 files"),
        (packed_names({f"{n}.txt": str(n).encode() for n in range(1_001)}), "holds 1,001 files"),
        (packed_names({"a.txt": b"words" * 1000})[:-40], "damaged"),
        (entries((zipfile.ZipInfo("a.txt"), b"words")).replace(b"words", b"wordz"), "damaged"),
        (b"PK\x03\x04" + bytes(500), "damaged"),
        (b"no archive at all", "damaged"),
        (b"", "damaged"),
        (
            packed_names({"a.png": b"x", "inner.zip": packed(a=b"x")}),
            "no file that the tutor reads",
        ),
        (packed_names({}), "no file that the tutor reads"),
        (manifest_bomb(), "imsmanifest.xml"),
        (external_entity(), "imsmanifest.xml"),
        (packed_names({"imsmanifest.xml": b"<manifest><", "a.txt": b"x"}), "imsmanifest.xml"),
    ],
    ids=lambda given: given if isinstance(given, str) else "archive",  # bytes hold the time
)
def test_a_hostile_or_broken_archive_is_a_sentence_and_adds_nothing(
    session: Session, add: Add, look: Look, content: bytes, part_of_the_sentence: str
) -> None:
    archive = add("a.zip", content)
    before = stored_files()
    jobs.index_words(str(archive))
    reason = (look(archive).details or {}).get("reason", "")
    assert part_of_the_sentence in reason and reason.endswith(".")
    assert others(session, archive) == [] and stored_files() == before
    assert not list(incoming.folder().glob("scratch_*"))


def test_mutated_archives_are_whole_or_a_sentence(tmp_path: Path) -> None:
    """Bytes changed at random: no child dies, and a `done` means that all files are there."""
    draw, plain = (
        random.Random(20),
        packed_names(
            {"imsmanifest.xml": CARTRIDGE.encode(), "web_resources/extra.txt": b"x" * 500}
        ),
    )
    for number in range(40):
        broken = bytearray(plain)
        for _ in range(draw.randint(1, 12)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        path, folder = tmp_path / f"{number}.zip", tmp_path / str(number)
        path.write_bytes(broken)
        folder.mkdir()
        *files, last = sandbox.unpack(path, folder, sandbox.Limits())
        assert "fault" in last or ("done" in last and len(files) == len(list(folder.iterdir())))


def test_unpacked_twice_it_is_there_once(
    session: Session, add: Add, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = add("a.zip", packed_names({"a.txt": b"one", "b.txt": b"two"}))
    jobs.index_words(str(archive))
    session.get_one(CourseMaterial, archive).indexing_status = IndexingStatus.PROCESSING
    session.commit()
    jobs.index_words(str(archive))
    found = others(session, archive)
    assert len(found) == 2
    for one in found:
        jobs.index_words(str(one.material_id))
        assert look(one.material_id).chunk_count == 1


def test_an_archive_that_is_deleted_meanwhile_adds_nothing(
    session: Session, add: Add, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = add("a.zip", packed_names({"a.txt": b"one"}))
    before, unpack = stored_files(), sandbox.unpack

    def deleting(*given: object) -> object:
        session.get_one(CourseMaterial, archive).deleted_at = now()
        session.commit()
        return unpack(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(sandbox, "unpack", deleting)
    jobs.index_words(str(archive))
    assert others(session, archive) == [] and stored_files() == before


def test_a_file_that_is_not_read_is_kept_and_says_so(
    app: Flask, session: Session, course: Course, read: Add, look: Look
) -> None:
    picture = read("logo.png", b"\x89PNG\r\n\x1a\n" + bytes(99))
    sheet = read("marks.xlsx", makers.zip_of("xl/workbook.xml"))
    unknown = read("data.bin", bytes(range(256)))
    kept = {one: look(one) for one in (picture, sheet, unknown)}
    assert {one.file_type for one in kept.values()} == {FileType.OTHER}
    assert {one.indexing_status for one in kept.values()} == {IndexingStatus.COMPLETED}
    assert [(one.details or {})["media_type"] for one in kept.values()] == [
        "image/png",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/octet-stream",
    ]
    teacher = enter(app, session, course, CourseRole.TEACHER)
    page = teacher.get("materials/").text
    assert page.count("Not searched") == 3 and "This is a picture: it can be downloaded" in page
    assert teacher.get(f"materials/{picture}/file?download=1").data.startswith(b"\x89PNG")
    assert session.scalar(select(func.count()).select_from(CourseMaterial)) == 3


def test_a_version_that_is_not_searched_does_not_replace_one_that_is(
    session: Session, read: Add, add: Add, look: Look
) -> None:
    old = read("a.txt", b"Osmosis moves water")
    new = add("a.png", b"\x89PNG\r\n\x1a\n" + bytes(99))
    session.get_one(CourseMaterial, new).replaces_id = old
    session.commit()
    jobs.index_words(str(new))
    assert look(old).deleted_at is None
    assert look(new).indexing_status is IndexingStatus.FAILED
    assert "This is a picture" in (look(new).details or {})["reason"]
