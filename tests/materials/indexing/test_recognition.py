"""Pages that are pictures: read by Tesseract where it is installed, else told."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from app.materials.indexing.extraction import RECOGNISING, SourceUnreadable, extract
from app.materials.readers import recognition
from tests.materials import makers

SAID = "Chlorophyll absorbs red and blue light"


def scan() -> bytes:
    """A page of text, a page that is a picture of text, and an empty one."""
    picture = Image.new("L", (1240, 400), 255)
    ImageDraw.Draw(picture).text((60, 150), SAID, 0, font=ImageFont.load_default(48))
    out = io.BytesIO()
    page = canvas.Canvas(out, A4)
    page.drawString(72, 700, "A page of text")
    page.showPage()
    page.drawImage(ImageReader(picture), 0, 400, width=595, height=192)
    page.showPage()
    page.showPage()
    page.save()
    return out.getvalue()


@pytest.mark.skipif(recognition.program() is None, reason="Tesseract is not installed")
def test_a_picture_of_text_is_recognised(tmp_path: Path) -> None:
    found = extract(makers.saved(tmp_path, scan()), "scan.pdf", RECOGNISING)
    assert found.pages[1].text == SAID
    assert found.without_text == [3] and found.details == {"recognised_pages": 1}


def test_without_tesseract_the_pages_are_told(tmp_path: Path, no_recognition: None) -> None:
    found = extract(makers.saved(tmp_path, scan()), "scan.pdf", RECOGNISING)
    assert found.without_text == [2, 3]


def test_tesseract_that_fails_costs_its_page_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert extract(makers.saved(tmp_path, scan()), "scan.pdf", RECOGNISING).without_text == [2, 3]


def test_a_file_of_pictures_says_what_to_do(tmp_path: Path, no_recognition: None) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        extract(makers.saved(tmp_path, makers.pdf(["", ""])), "scan.pdf", RECOGNISING)
    assert "version made by text recognition (OCR)" in caught.value.sentence
