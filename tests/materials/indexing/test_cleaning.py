"""Text as extracted → text fit to store, split and quote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.readers.cleaning import clean, one_line
from app.materials.readers.pdf import reflow


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("be\x02tween", "between"),
        ("be\ufffe\ntween", "between"),
        ("e\ufb03cient", "efficient"),
        ("a\r\nb\rc\x0bd", "a\nb\nc\nd"),
        ("nul\0 and\x07 bell", "nul and bell"),
        ("cafe\u0301", "caf\u00e9"),
        ("half \ud83d pair", "half  pair"),
        ("a\n\n\n\n\nb   \nc", "a\n\nb\nc"),
        ("    indented", "    indented"),
    ],
)
def test_cleaning(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@given(st.text())
def test_what_is_cleaned_can_be_stored_and_stays_clean(text: str) -> None:
    once = clean(text)
    once.encode()
    assert "\0" not in once and clean(once) == once


def test_headings_are_one_short_line() -> None:
    assert one_line("  Two\n lines ") == "Two lines"
    assert one_line(" \n") is None
    assert len(one_line("x" * 999) or "") == 200


def test_lines_of_a_paragraph_are_joined_and_code_is_not() -> None:
    text = (
        "In this example we ask the computer to remember the value six\n"
        "and use the label x so that we can retrieve it a little later.\n"
        "x = 6\n"
        "print(x)"
    )
    assert reflow(text) == (
        "In this example we ask the computer to remember the value six "
        "and use the label x so that we can retrieve it a little later. "
        "x = 6\nprint(x)"
    )


def test_slides_and_lists_stay_as_they_stand() -> None:
    assert reflow("Short\nlines\nonly") == "Short\nlines\nonly"
    bullets = "• a point that fills the whole of the line, as a long one does\n• and another one"
    assert reflow(bullets) == bullets
