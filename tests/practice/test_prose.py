"""Plain text with its code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.practice.prose import first_line, inline, prose


def test_code_between_fences_stands_apart_from_paragraphs() -> None:
    shown = prose("What does this print?\n\n```python\nfor i in x:\n    print(i)\n```\nThink.", "s")
    assert shown == (
        '<p class="s">What does this print?</p>\n'
        '<pre class="cl-code" tabindex="0" role="group" aria-label="Code"><code>'
        "for i in x:\n    print(i)</code></pre>\n"
        '<p class="s">Think.</p>'
    )


def test_a_fence_that_is_not_closed_runs_to_the_end() -> None:
    assert "<code>a = 1\nb = 2</code></pre>" in prose("Look:\n```\na = 1\nb = 2")


def test_inline_code_and_lines() -> None:
    assert prose("a\nb `c<d`") == "<p>a<br>b <code>c&lt;d</code></p>"
    assert inline("one ` alone") == "one ` alone"


def test_nothing_shows_nothing() -> None:
    assert prose(None) == prose(" \n ") == inline(None) == first_line("") == ""


@given(st.text(alphabet=st.sampled_from("<>&\"'`\n abc/=:")))
def test_whatever_is_written_no_tag_of_the_writer_gets_through(text: str) -> None:
    allowed = ("<p>", "</p>", "<br>", "<code>", "</code>", "</pre>")
    shown = str(prose(text))
    opening = '<pre class="cl-code" tabindex="0" role="group" aria-label="Code">'
    for tag in (*allowed, opening):
        shown = shown.replace(tag, "")
    assert "<" not in shown
    assert ">" not in shown


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n What now?\nMore", "What now?"),
        ("```\nx = 1\n```\nWhat is `x`?", "What is <code>x</code>?"),
        ("```\nx = 1\n```", "x = 1"),
    ],
)
def test_a_question_is_known_by_its_first_line_of_words(text: str, line: str) -> None:
    assert first_line(text) == line
