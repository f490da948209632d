"""PDF pages as a person reads them: without heads and feet, code indented, words whole."""

import io
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

from app.materials.indexing.extraction import extract
from app.materials.readers.page import Page
from app.materials.readers.running import Printed, running_lines
from tests.materials import makers

SUBJECTS = "cells leaves roots stems seeds flowers fruit bark moss".split()


def pages_of(folder: Path, content: bytes) -> list[Page]:
    return extract(makers.saved(folder, content), "a.pdf").pages


def test_heads_feet_and_page_numbers_are_dropped_and_the_number_becomes_the_label(
    tmp_path: Path,
) -> None:
    pages = [
        f"Introduction to Botany\nAll about {subject}\nand nothing else\nProf. Linden\n{n}"
        for n, subject in enumerate(SUBJECTS, start=31)
    ]
    found = pages_of(tmp_path, makers.pdf(pages))
    assert [page.text for page in found] == [f"All about {s}\nand nothing else" for s in SUBJECTS]
    assert [page.label for page in found] == [str(n) for n in range(31, 40)]


def test_heads_that_change_with_the_section_are_told_by_their_page_numbers(
    tmp_path: Path,
) -> None:
    pages = [
        f"{n} CHAPTER 2. PLANTS\n{s} here" if n % 2 else f"2.{n}. ON {s.upper()} {n}\n{s} here"
        for n, s in enumerate(SUBJECTS, start=12)
    ]
    found = pages_of(tmp_path, makers.pdf(pages))
    assert [page.text for page in found] == [f"{s} here" for s in SUBJECTS]
    assert found[0].label == "12"


def test_what_counts_something_else_stays() -> None:
    tasks = [[f"Exercise {n}", f"Sort list {chr(96 + n)}", "Show your work"] for n in range(1, 7)]
    assert [p.begin for p in running_lines(tasks, are_slides=False)] == [0] * 6


def test_slides_that_go_on_keep_their_titles_and_lose_their_foot() -> None:
    deck = [["Sorting" if n < 4 else f"Topic {n}", f"point {n}", "Uni 2026"] for n in range(9)]
    assert running_lines(deck, are_slides=True) == [Printed(0, 2, None)] * 9


def test_two_pages_have_nothing_in_common_that_is_running() -> None:
    assert running_lines([["Same", "a"], ["Same", "b"]], are_slides=False) == [
        Printed(0, 2, None),
        Printed(0, 2, None),
    ]


def test_a_page_with_nothing_but_its_number_is_no_picture(tmp_path: Path) -> None:
    pages = [f"{s} grow\n{n}" if n != 4 else "4" for n, s in enumerate(SUBJECTS, start=1)]
    found = extract(makers.saved(tmp_path, makers.pdf(pages)), "a.pdf")
    assert found.without_text == [] and found.pages[3].text == "4"


@pytest.mark.parametrize("font", ["Courier", "Courier-Bold"])
def test_code_keeps_its_indentation(tmp_path: Path, font: str) -> None:
    code = ["def f(x):", "    if x:", "        return 1", "    return 0", "", "y", "f(2)"]
    out = io.BytesIO()
    page = canvas.Canvas(out, A4)
    page.setFont("Helvetica", 11)
    page.drawString(72, 780, "The function below returns one if it is given something, as we saw")
    page.setFont(font, 10)
    for number, line in enumerate(code):
        indent = len(line) - len(line.lstrip())
        page.drawString(90 + 6 * indent, 750 - 14 * number, line.strip())
    page.setFont("Helvetica", 11)
    page.drawString(72, 640, "and zero otherwise.")
    page.save()
    (only,) = pages_of(tmp_path, out.getvalue())
    assert "\n".join(line for line in code if line) in only.text
    assert "as we saw\ndef f" in only.text


def test_a_typescript_is_prose(tmp_path: Path) -> None:
    out = io.BytesIO()
    page = canvas.Canvas(out, A4)
    page.setFont("Courier", 10)
    page.drawString(72, 780, "This letter was written on a machine whose letters are all of one")
    page.drawString(72, 766, "width, and yet it is no program.")
    page.save()
    assert pages_of(tmp_path, out.getvalue())[0].text.endswith(
        "all of one width, and yet it is no program."
    )


def two_columns(lines: list[tuple[str, str]], *, side_by_side: bool) -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out, A4)
    page.drawString(72, 800, "A paper in two columns, whose title goes across the whole page")
    placed = [(column, row) for column in (0, 1) for row in range(len(lines))]
    if side_by_side:
        placed.sort(key=lambda place: (place[1], place[0]))
    for column, row in placed:
        page.drawString((60, 310)[column], 760 - 14 * row, lines[row][column])
    page.drawString(72, 60, "A foot that goes across the whole page under both of the columns")
    page.save()
    return out.getvalue()


@pytest.mark.parametrize("side_by_side", [True, False])
def test_columns_are_read_one_after_the_other(tmp_path: Path, side_by_side: bool) -> None:
    rows = [(f"left line {n} has some more words", f"right line {n} has more") for n in range(20)]
    text = pages_of(tmp_path, two_columns(rows, side_by_side=side_by_side))[0].text
    parts = ("A paper", "left line 0", "left line 19", "right line 0", "right line 19", "A foot")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.count("line") == 40


def test_a_table_is_read_row_by_row(tmp_path: Path) -> None:
    rows = [(f"key{n}" + " and more" * (n % 3 == 0), f"value{n}") for n in range(20)]
    rows[0] = ("the head of the first column of it", "the head of the second column")
    text = pages_of(tmp_path, two_columns(rows, side_by_side=True))[0].text
    assert text.index("value7") < text.index("key8")
