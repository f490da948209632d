"""The materials room over HTTP: who may do what, and what they see."""

import io
import json
import re
import uuid
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import config
from app.config import Settings
from app.materials import jobs
from app.materials.files.storage import storage
from models import Course, CourseMaterial, CourseRole, FileType, IndexingStatus, MaterialChunk
from tests import factories
from tests.helpers import Visitor, enter
from tests.materials import makers
from tests.materials.conftest import Add, Look, Model

BOOK = makers.pdf(["Photosynthesis needs light", "Respiration frees energy", "Osmosis moves water"])
HTML = b"<!doctype html><h1>Trees</h1><script>alert(1)</script><ul><li>A tree has leaves</ul>"
NOTEBOOK = json.dumps(
    {"nbformat": 4, "cells": [{"cell_type": "code", "source": "mean(x)", "outputs": []}]}
).encode()
CAPTIONS = (
    b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n\n12:40.000 --> 12:44.000\nGraphs have edges.\n"
)
ODT = makers.opendocument("<text:h>Cells</text:h><text:p>A cell has a wall.</text:p>")


def upload(visitor: Visitor, *files: tuple[str, bytes]) -> TestResponse:
    data = {"files": [(io.BytesIO(content), name) for name, content in files]}
    return visitor.post("materials/", data=data)


def stored_files() -> set[Path]:
    folder = Path(unquote(urlsplit(config.current().storage_url).path))
    return {path for path in folder.rglob("*") if path.is_file()}


def materials(session: Session) -> list[CourseMaterial]:
    session.rollback()
    query = select(CourseMaterial).order_by(CourseMaterial.upload_date)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def test_an_empty_room_says_what_brings_it_to_life(teacher: Visitor) -> None:
    page = teacher.get("materials/")
    assert page.status_code == 200
    assert "as soon as the first one is uploaded" in page.text and "data-upload" in page.text


def test_a_plain_form_takes_several_files(session: Session, teacher: Visitor) -> None:
    answer = upload(teacher, ("Week 1.pdf", BOOK), ("notes.md", b"# Notes\n\ntext"))
    assert answer.status_code == 303
    first, second = materials(session)
    assert (first.title, second.title) == ("Week 1", "notes")
    assert first.file_size_bytes == len(BOOK)
    assert first.indexing_status is IndexingStatus.PENDING
    with storage().local(first.storage_path) as path:
        assert path.read_bytes() == BOOK
    page = teacher.get(answer.location).text
    assert "Week 1" in page and "Waiting to be read" in page and "every 1s" in page


def test_the_same_file_is_not_added_twice(session: Session, teacher: Visitor) -> None:
    before = stored_files()
    upload(teacher, ("Week 1.pdf", BOOK))
    answer = upload(teacher, ("copy.pdf", BOOK))
    assert len(materials(session)) == 1
    assert "was here already" in teacher.get(answer.location).text
    assert len(stored_files() - before) == 1


def test_a_row_tells_each_stage(
    session: Session, course: Course, model: Model, teacher: Visitor, add: Add, look: Look
) -> None:
    material_id = add("Week 1.txt", ("words and more words to be read\n\n" * 900).encode())

    def row() -> str:
        return teacher.get(f"materials/{material_id}/row").text

    assert "Waiting to be read" in row()
    session.execute(text("update course_materials set indexing_status = 'processing'"))
    session.commit()
    assert "Being read" in row()
    jobs.index_words(str(material_id))
    jobs.embed_chunks(str(course.course_id))
    percent = 1600 // look(material_id).chunk_count
    assert f"Searchable</strong>, {percent} % deepened" in row() and "hx-get" in row()
    for _ in range(20):
        jobs.embed_chunks(str(course.course_id))
    assert "Ready" in row() and "hx-get" not in row()


def test_pages_without_text_are_told(
    course: Course, model: Model, teacher: Visitor, read: Add
) -> None:
    read("scan.pdf", makers.pdf(["Text", "", "More", ""]))
    jobs.embed_chunks(str(course.course_id))
    jobs.embed_chunks(str(course.course_id))
    page = teacher.get("materials/").text
    assert "Ready, except 2 pages" in page and "Pages 2, 4 hold no text" in page


def test_a_failure_says_why_and_can_be_tried_again(
    session: Session, model: Model, teacher: Visitor, read: Add, look: Look
) -> None:
    material_id = read("exam.pdf", makers.pdf(["x"], encrypted=True))
    page = teacher.get("materials/").text
    assert "One file needs your attention." in page and "Try again" in page
    assert "The file is protected by a password. Save a copy without it and upload that." in page
    assert teacher.post(f"materials/{material_id}/again").status_code == 303
    assert look(material_id).indexing_status is IndexingStatus.PENDING


def test_nothing_chosen_and_too_large_are_told(
    session: Session, app: Flask, settings: Settings, teacher: Visitor
) -> None:
    before = stored_files()
    answer = upload(teacher)
    assert answer.status_code == 422 and "No file was chosen" in answer.text
    config.install(replace(settings, upload_limit_bytes=100))
    answer = upload(teacher, ("Week 1.pdf", BOOK))
    config.install(settings)
    assert answer.status_code == 413 and "The file is larger than" in answer.text
    assert materials(session) == []
    assert stored_files() == before


def test_a_request_over_the_limit_is_told_before_it_is_read(
    app: Flask, teacher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 50)
    answer = upload(teacher, ("Week 1.pdf", BOOK))
    assert answer.status_code == 413 and "Split it, or save a smaller copy" in answer.text


def test_names_are_escaped(session: Session, teacher: Visitor) -> None:
    upload(teacher, ("<script>alert(1)<b>.txt", b"text"))
    page = teacher.get("materials/").text
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;b&gt;" in page


def test_a_source_opens_at_the_chunks_page_with_the_passage_marked(
    session: Session, student: Visitor, read: Add
) -> None:
    material_id = read("Week 1.md", b"# One\n\nfirst words here\n\n# Two\n\nsecond *words* there")
    chunk = session.scalars(select(MaterialChunk)).one()
    page = student.get(f"materials/{material_id}?chunk={chunk.chunk_id}&page=2").text
    assert "Section 2 of 2" in page
    assert "<mark>second</mark> <em><mark>words</mark></em> <mark>there</mark>" in page
    page = student.get(f"materials/{material_id}?chunk={chunk.chunk_id}&quote=first+words").text
    assert "<mark>first words</mark> here" in page and "Section 1 of 2" in page


def test_a_pdf_is_shown_by_the_page_reader_and_as_text(student: Visitor, read: Add) -> None:
    material_id = read("Week 1.pdf", BOOK)
    page = student.get(f"materials/{material_id}?page=2&quote=Respiration").text
    assert f'data-src="{student.url(f"materials/{material_id}/file")}"' in page
    assert 'data-page="2"' in page and "Page 2 of 3" in page and "As text" in page
    as_text = student.get(f"materials/{material_id}?page=2&quote=Respiration&view=text").text
    assert "<mark>Respiration</mark> frees energy" in as_text and "As a page" in as_text


@pytest.mark.parametrize(
    ("name", "content", "kind", "place", "marked"),
    [
        (
            "trees.html",
            HTML,
            "Web page",
            "Section 1 of 1",
            "<li><mark>A tree</mark> has leaves</li>",
        ),
        ("means.ipynb", NOTEBOOK, "Notebook", "Section 1 of 1", "<code><mark>mean</mark>(x)"),
        (
            "talk.vtt",
            CAPTIONS,
            "Captions",
            "Section 2 of 2, <bdi>12:40</bdi>",
            "<mark>Graphs</mark>",
        ),
        ("cells.odt", ODT, "OpenDocument", "Section 1 of 1", "<mark>Cells</mark>"),
    ],
)
def test_further_types_are_told_found_and_shown(
    session: Session,
    teacher: Visitor,
    student: Visitor,
    read: Add,
    name: str,
    content: bytes,
    kind: str,
    place: str,
    marked: str,
) -> None:
    material_id = read(name, content)
    (material,) = materials(session)
    assert material.file_type is FileType.OTHER and material.title == name.partition(".")[0]
    assert f"{kind}, " in teacher.get("materials/").text
    quote = re.search("<mark>(.*)</mark>", marked)
    assert quote is not None
    page = student.get(f"materials/{material_id}?page=9&quote={quote.group(1)}").text
    assert place in page and f"· {kind}" in page and marked in page
    assert "alert(1)" not in page


def test_a_file_that_is_only_kept_is_offered_for_download(
    session: Session, student: Visitor, read: Add
) -> None:
    material_id = read("Lab.png", b"\x89PNG\r\n\x1a\n" + bytes(99))
    page = student.get(f"materials/{material_id}?page=2").text
    address = f"materials/{material_id}/file?download=1"
    assert "not shown here" in page and "Download the file" in page and address in page
    assert "Section" not in page and "section 1" not in page and "source-next" not in page
    assert "has not been read" not in page and "source-previous" not in page
    session.get_one(CourseMaterial, material_id).may_be_saved = False
    session.commit()
    page = student.get(f"materials/{material_id}").text
    assert "does not offer it for download" in page and address not in page


def test_a_page_of_a_pdf_tells_the_number_printed_on_it(student: Visitor, read: Add) -> None:
    pages = [f"Text of its own, {word}\n{n}" for n, word in enumerate("abcdef", start=41)]
    material_id = read("Reader.pdf", makers.pdf(pages))
    page = student.get(f"materials/{material_id}?page=3&view=text").text
    assert "Page 3 of 6, <bdi>printed 43</bdi>" in page
    assert "Text of its own, c" in page


def test_the_panel_gets_the_part_alone(student: Visitor, read: Add) -> None:
    material_id = read("Week 1.pdf", BOOK)
    part = student.get(f"materials/{material_id}", headers={"HX-Request-Type": "partial"}).text
    assert "<html" not in part and 'id="source-h"' in part


@pytest.mark.parametrize("query", ["page=0", "page=-3", "page=99", "page=x", "chunk=zzz"])
def test_odd_addresses_of_a_source_lead_to_a_page(student: Visitor, read: Add, query: str) -> None:
    material_id = read("Week 1.pdf", BOOK)
    assert student.get(f"materials/{material_id}?{query}").status_code == 200


def test_a_pdf_is_sent_in_ranges_with_its_type(student: Visitor, read: Add) -> None:
    material_id = read("Woche 1 – Größe.pdf", BOOK)
    whole = student.get(f"materials/{material_id}/file")
    assert whole.data == BOOK and whole.mimetype == "application/pdf"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Content-Disposition"].startswith("inline")
    part = student.get(f"materials/{material_id}/file", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.data == BOOK[10:20]
    same = student.get(
        f"materials/{material_id}/file", headers={"If-None-Match": whole.headers["ETag"]}
    )
    assert same.status_code == 304


def test_other_types_are_saved_and_never_shown(
    teacher: Visitor, student: Visitor, read: Add
) -> None:
    material_id = read("page.md", b"<script>alert(1)</script>")
    for visitor in (teacher, student):
        answer = visitor.get(f"materials/{material_id}/file")
        assert answer.mimetype == "text/markdown"
        assert answer.headers["Content-Disposition"].startswith("attachment")


def addresses(material_id: uuid.UUID) -> list[tuple[str, str]]:
    base = f"materials/{material_id}"
    return [
        ("GET", base),
        ("GET", f"{base}/file"),
        ("GET", f"{base}/row"),
        ("GET", f"{base}/edit"),
        ("POST", f"{base}/edit"),
        ("POST", f"{base}/again"),
        ("POST", f"{base}/delete"),
        ("POST", f"{base}/move"),
    ]


def test_every_address_of_a_material_is_tried_below(app: Flask) -> None:
    rules = [r for r in app.url_map.iter_rules() if r.endpoint.startswith("materials.")]
    with_material = {
        (method, rule.rule.partition("<uuid:material_id>")[2])
        for rule in rules
        if "material_id" in rule.arguments
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    tried = {(method, path.partition("x")[2]) for method, path in addresses("x")}  # type: ignore[arg-type]
    assert tried == with_material


def test_another_courses_material_does_not_exist(
    app: Flask, session: Session, read: Add, look: Look
) -> None:
    material_id = read("a.pdf", BOOK)
    other = factories.course(session)
    for role in (CourseRole.TEACHER, CourseRole.STUDENT):
        stranger = enter(app, session, other, role)
        for method, path in addresses(material_id):
            status = stranger.open(method, path).status_code
            assert status == 404 or (role is CourseRole.STUDENT and status == 403), path
    assert look(material_id).title == "a"


def test_a_hidden_material_does_not_exist_for_students(
    session: Session, student: Visitor, teacher: Visitor, read: Add
) -> None:
    material_id = read("a.pdf", BOOK)
    session.get_one(CourseMaterial, material_id).is_public = False
    session.commit()
    for path in (f"materials/{material_id}", f"materials/{material_id}/file"):
        assert student.get(path).status_code == 404
        assert teacher.get(path).status_code == 200


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (CourseRole.TEACHER, {"look", "read", "change"}),
        (CourseRole.TA, {"look", "read"}),
        (CourseRole.STUDENT, {"read"}),
        (CourseRole.TEST_STUDENT, {"read"}),
        (CourseRole.OBSERVER, set()),
        (CourseRole.ADMINISTRATOR, set()),
        (CourseRole.NONE, set()),
    ],
)
def test_rights(
    app: Flask, session: Session, course: Course, read: Add, role: CourseRole, may: set[str]
) -> None:
    material_id = read("a.pdf", BOOK)
    visitor = enter(app, session, course, role)
    answers = {
        "look": visitor.get("materials/"),
        "read": visitor.get(f"materials/{material_id}"),
        "change": upload(visitor, ("b.txt", b"text")),
    }
    allowed = {name for name, answer in answers.items() if answer.status_code < 400}
    assert allowed == may
    assert all(a.status_code == 403 for name, a in answers.items() if name not in may)
    if role is CourseRole.TA:
        assert "data-upload data-limit" not in answers["look"].text
