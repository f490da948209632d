"""Passages taken apart: sentences, code and titles, each with its place in the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval.sentences import Unit, split


def parts(text: str, *, is_wrapped: bool = False) -> list[tuple[str, str]]:
    return [(unit.kind, unit.text) for unit in split(text, is_wrapped=is_wrapped)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is here. Two is there.", ["One is here.", "Two is there."]),
        ("See Fig. 3, e.g. this. Then go on.", ["See Fig. 3, e.g. this.", "Then go on."]),
        ("1. Write it down. Run it.", ["1. Write it down.", "Run it."]),
        ("Python 3.11 is out. It is fast!", ["Python 3.11 is out.", "It is fast!"]),
        ("He said “stop.” Then he went.", ["He said “stop.”", "Then he went."]),
        ("列表是值的序列。字典是映射。", ["列表是值的序列。", "字典是映射。"]),
        ("Sie ist z.B. leer. Über sie läuft man.", ["Sie ist z.B. leer.", "Über sie läuft man."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [unit.text for unit in split(text)] == expected


def test_code_keeps_its_lines_and_prompts_their_answers() -> None:
    text = (
        "8.1 A list is a sequence\n"
        "The in operator also works on lists.\n"
        ">>> 'Brie' in cheeses\nFalse\n"
        "for cheese in cheeses:\n    print(cheese)\n"
        "The loop prints each of the cheeses."
    )
    assert parts(text) == [
        ("title", "8.1 A list is a sequence"),
        ("sentence", "The in operator also works on lists."),
        ("code", ">>> 'Brie' in cheeses\nFalse\nfor cheese in cheeses:\n    print(cheese)"),
        ("sentence", "The loop prints each of the cheeses."),
    ]


def test_a_fenced_block_is_code_whatever_stands_in_it() -> None:
    assert parts("Look:\n```\nany words at all\n\nmore\n```\nDone it is.") == [
        ("sentence", "Look:"),
        ("code", "any words at all\n\nmore"),
        ("sentence", "Done it is."),
    ]


def test_wrapped_lines_are_joined_where_lines_may_wrap() -> None:
    text = "A list that was made by the function of the same name\nPython calls its own."
    assert len(parts(text, is_wrapped=True)) == 1
    assert len(parts(text)) == 2


@pytest.mark.parametrize("line", ["x = x + 1", "print(x)", "import re", "def f(a):", "{'a': 1}"])
def test_lines_of_code(line: str) -> None:
    assert parts(line)[0][0] == "code"


@pytest.mark.parametrize(
    "line",
    [
        "For each of the names in the list the loop runs once and then ends.",
        "If you omit the first index, the slice starts at the beginning.",
        "Return to the first page of the chapter when you are done with it.",
    ],
)
def test_prose_that_begins_like_code(line: str) -> None:
    assert parts(line) == [("sentence", line)]


def test_rows_of_a_table_are_sentences_of_their_own_under_its_head() -> None:
    text = "Look at this table:\n\n| Operator | What it does in Python |\n|---|:--|\n| `+` | adds |"
    assert parts(text, is_wrapped=True) == [
        ("sentence", "Look at this table:"),
        ("title", "| Operator | What it does in Python |"),
        ("sentence", "| `+` | adds |"),
    ]


@given(st.text(alphabet="ab. \n`>=()#-\t¿é列", max_size=300))
def test_every_unit_stands_where_it_says(text: str) -> None:
    units: list[Unit] = split(text)
    offsets = [unit.offset for unit in units]
    assert offsets == sorted(offsets)
    for unit in units:
        assert unit.text.strip()
        assert "".join(text[unit.offset :].split()).startswith("".join(unit.text.split())[:1])
