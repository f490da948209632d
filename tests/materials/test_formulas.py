"""Markdown leaves formulas as they are; prices and brackets are text like any other."""

import json
import time
from html import unescape
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from app.materials.formulas import keep_formulas

CASES = json.loads((Path(__file__).parents[1] / "frontend/formulas.json").read_text())
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").use(keep_formulas)


@pytest.mark.parametrize(("text", "formulas"), CASES)
def test_a_formula_reaches_the_page_as_it_was_written(text: str, formulas: list[str]) -> None:
    html = MARKDOWN.render(text)
    assert "<em>" not in html
    assert "<ul>" not in html
    for formula in formulas:
        assert formula in unescape(html)


def test_a_formula_is_escaped() -> None:
    html = MARKDOWN.render("$a <b$ and\n\n$$\n<script>alert(1)</script> = 1\n$$")
    assert "<script" not in html
    assert "<b$" not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("It costs $5 *now* and $6.", "<p>It costs $5 <em>now</em> and $6.</p>\n"),
        ("$5, *each*, 6$", "<p>$5, <em>each</em>, 6$</p>\n"),
        (r"\[1\] and \(note\) and \[sic\]", "<p>[1] and (note) and [sic]</p>\n"),
        ("`$a*b*c$` and `\\(x\\)`", "<p><code>$a*b*c$</code> and <code>\\(x\\)</code></p>\n"),
        ("\\[\nno end", "<p>[\nno end</p>\n"),
        ("$$ and $$", "<p>$$ and $$</p>\n"),
    ],
)
def test_what_is_no_formula_is_markdown(text: str, html: str) -> None:
    assert MARKDOWN.render(text) == html


def test_a_displayed_formula_ends_a_paragraph_and_may_stand_in_a_list() -> None:
    text = "So\n$$\na = 1\n- 2\n$$\nand\n\n- one:\n  \\[ b = 2 \\]\n- two"
    html = MARKDOWN.render(text)
    assert "<p>So</p>\n<p>$$\na = 1\n- 2\n$$</p>\n<p>and</p>" in html
    assert html.count("<li>") == 2
    assert "\\[ b = 2 \\]" in html


def _seconds(text: str) -> float:
    """Of work, the quickest of three: what else the machine does is not the text's fault."""
    tries = []
    for _ in range(3):
        begin = time.process_time()
        MARKDOWN.render(text)
        tries.append(time.process_time() - begin)
    return min(tries)


@pytest.mark.parametrize("piece", ["\\[", "\\(", "$", "$a", "$$a", "\\[a ", "$ab cd"])
def test_a_hostile_text_takes_time_by_its_length_alone(piece: str) -> None:
    """Ten times the text, some ten times the time: a hundred would be the square."""
    assert _seconds(piece * 10_000) < 40 * max(_seconds(piece * 1_000), 0.002)
