"""Hostile and broken files: a sentence each, within the reader's limits, and nothing stored."""

import io
import json
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.materials.indexing.extraction import SourceUnreadable, extract
from models import ChunkPosting, IndexingStatus, MaterialChunk, MaterialPage
from tests.materials import makers
from tests.materials.conftest import Add, Look

WORD = makers.document((1, "Loops"), (0, "A loop repeats."), (2, "While"), (0, "While it holds."))
SLIDES = makers.slides(("Lists", "A list has an order", "Ask them first"), ("Tuples", "Fixed", ""))
PDF = makers.pdf(["Photosynthesis\nneeds light", "Respiration"])
ODT = makers.opendocument("<text:h>Cells</text:h><text:p>A cell has a wall.</text:p>")
BOOK = json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# Means"}]})
PAGE = b"<!doctype html><html><body><h1>Trees</h1><p>A tree has leaves.</p></body></html>"
CAPTIONS = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello to all of you.\n"
WHOLE = {
    "a.pdf": PDF,
    "a.docx": WORD,
    "a.pptx": SLIDES,
    "a.odt": ODT,
    "a.ipynb": BOOK.encode(),
    "a.html": PAGE,
    "a.vtt": CAPTIONS,
}


def sentence_or_text(folder: Path, name: str, content: bytes) -> str:
    """What a teacher gets: pages with text, or a sentence. Anything else is a fault of ours."""
    path = makers.saved(folder, content)
    try:
        found = extract(path, name)
    except SourceUnreadable as fault:
        assert fault.sentence.endswith((".", "!")) and len(fault.sentence) > 20
        return fault.sentence
    assert [page.number for page in found.pages] == list(range(1, found.page_count + 1))
    assert any(page.text.strip() for page in found.pages)
    for page in found.pages:
        page.text.encode()
        assert "\0" not in page.text
    return ""


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(WHOLE)),
    cut=st.integers(0, 1000),
    seed=st.integers(0, 2**32),
    damage=st.integers(0, 30),
)
def test_a_mutated_file_is_text_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, cut: int, seed: int, damage: int
) -> None:
    content = bytearray(WHOLE[name])
    dice = random.Random(seed)
    for _ in range(damage):
        content[dice.randrange(len(content))] = dice.randrange(256)
    if cut > 500:
        del content[len(content) * (cut - 500) // 500 :]
    sentence_or_text(tmp_path_factory.mktemp("mutated"), name, bytes(content))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(name=st.sampled_from(["a.docx", "a.pptx", "a.odt"]), seed=st.integers(0, 2**32))
def test_an_archive_with_a_mutated_part_is_text_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, seed: int
) -> None:
    dice = random.Random(seed)
    with zipfile.ZipFile(io.BytesIO(WHOLE[name])) as archive:
        part = dice.choice([entry for entry in archive.namelist() if entry.endswith("xml")])
        content = bytearray(archive.read(part))
    for _ in range(dice.randrange(1, 20)):
        at = dice.randrange(len(content))
        content[at : at + dice.randrange(4)] = dice.randbytes(dice.randrange(4))
    changed = makers.with_part(WHOLE[name], part, bytes(content))
    sentence_or_text(tmp_path_factory.mktemp("part"), name, changed)


COURSE = Path(__file__).parents[4] / "shared/data/course"
REAL = ["py4e_lectures3_es_2.1_Spanish.pptx", "py4e_lectures3_Pythonlearn-09-Dictionaries.pdf"]


@pytest.mark.skipif(not COURSE.is_dir(), reason="the shared course files are not here")
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("seed", range(3))
def test_a_mutated_real_file_is_text_or_a_sentence(tmp_path: Path, name: str, seed: int) -> None:
    content = bytearray((COURSE / name).read_bytes())
    dice = random.Random(seed)
    for _ in range(40):
        content[dice.randrange(len(content))] = dice.randrange(256)
    sentence_or_text(tmp_path, name, bytes(content if seed else content[: len(content) * 2 // 3]))


def pdf_with_bad_font() -> bytes:
    return PDF.replace(
        b"/Subtype /Type1 /BaseFont /Helvetica", b"/Subtype /Type0 /BaseFont /Nope!!!"
    )


def pdf_with_script() -> bytes:
    script = (
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"
    )
    return PDF.replace(b"<< /Type /Catalog /Pages 2 0 R >>", script)


def test_a_malformed_font_costs_no_more_than_its_text(tmp_path: Path) -> None:
    sentence_or_text(tmp_path, "a.pdf", pdf_with_bad_font())


def test_a_script_in_a_pdf_is_not_run_and_the_text_is_read(tmp_path: Path) -> None:
    assert sentence_or_text(tmp_path, "a.pdf", pdf_with_script()) == ""


@pytest.mark.parametrize("name", ["a.docx", "a.odt"])
def test_an_entity_reads_no_file_of_the_server(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the server's secret")
    part = {"a.docx": "word/document.xml", "a.odt": "content.xml"}[name]
    with zipfile.ZipFile(io.BytesIO(WHOLE[name])) as archive:
        xml = archive.read(part).decode()
    head, _, rest = xml.rpartition("?>") if "?>" in xml else ("", "", xml)
    kind = f'<!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}">]>'
    first = "A loop" if name == "a.docx" else "A cell"
    hostile = f"{head}{'?>' if head else ''}{kind}{rest}".replace(first, f"{first} &s;")
    assert "&s;" in hostile
    path = makers.saved(tmp_path, makers.with_part(WHOLE[name], part, hostile.encode()))
    try:
        text = "".join(page.text for page in extract(path, name).pages)
    except SourceUnreadable as fault:
        text = fault.sentence
    assert "secret" not in text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.pdf", b""),
        ("cut.pdf", PDF[: len(PDF) // 2]),
        ("locked.pdf", makers.pdf(["x"], encrypted=True)),
        ("photo.pdf", b"\x89PNG\r\n\x1a\n" + bytes(99)),
        ("many.pdf", makers.pdf(["x"] * 10_000)),
        ("bomb.docx", makers.with_part(WORD, "word/document.xml", 600 << 20)),
        ("entities.docx", makers.with_part(WORD, "word/document.xml", makers.entity_bomb())),
        ("entities.odt", makers.with_part(ODT, "content.xml", makers.entity_bomb())),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_is_left_half_indexed(
    session: Session, read: Add, look: Look, name: str, content: bytes
) -> None:
    material_id = read(name, content)
    found = look(material_id)
    assert found.indexing_status is IndexingStatus.FAILED
    assert (found.details or {})["reason"].endswith(".")
    assert (found.chunk_count, found.page_count, found.term_total) == (0, None, 0)
    for table in (MaterialPage, MaterialChunk, ChunkPosting):
        query = select(func.count()).where(table.material_id == material_id)
        assert session.scalar(query) == 0
