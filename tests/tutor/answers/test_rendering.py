"""Answers as HTML: numbers, notes, marks, and where a block of a growing answer ends."""

import pytest

from app.tutor.answers.citations import citations
from app.tutor.answers.rendering import Block, finished_part, render
from tests.tutor.answers.test_citations import SOURCES


def blocks(text: str, *, judged: bool = False) -> list[Block]:
    return render(
        text,
        citations(text, SOURCES),
        lambda citation: f"/source?page={citation.place.page}&quote=<{citation.number}>",
        sources=SOURCES if judged else (),
        question="Why does my list change?",
    )


def test_numbers_are_links_after_the_full_stop() -> None:
    block = blocks("An assignment never copies a list [1].")[0]
    assert block.html == (
        '<p>An assignment never copies a list.<a class="cl-cite" data-source="" '
        'href="/source?page=1&amp;quote=&lt;1&gt;">'
        '<span class="visually-hidden">Source </span>1</a></p>'
    )


def test_a_source_is_noted_where_it_is_cited_first() -> None:
    built = blocks("One list [1].\n\nTwo arrows [1][2].\n\n- again [2]")
    assert [[note.number for note in block.notes] for block in built] == [[1], [2], []]


def test_invented_numbers_show_nothing() -> None:
    assert blocks("So it is [7].")[0].html == "<p>So it is.</p>"


def test_code_is_kept_as_it_is() -> None:
    block = blocks("```python\nfor x in a:\n    print(x[1])  # [1] <b>\n```")[0]
    assert "    print(x[1])  # [1] &lt;b&gt;" in block.html
    assert "cl-cite" not in block.html


def test_what_nothing_supports_is_marked_across_code_and_emphasis() -> None:
    text = (
        "An assignment never copies a list [1]. It puts one more *name* on the list [1]. "
        "Rust programmers would `worry` about **ownership** and borrowing rules."
    )
    block = blocks(text, judged=True)[0]
    assert block.has_unsourced
    assert '<span class="cl-unsourced">Rust programmers' in block.html
    assert not blocks(text)[0].has_unsourced


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.", ""),
        ("One.\n\n", ""),
        ("One.\n\nT", "One."),
        ("One.\n\nTwo.\n\nT", "One.\n\nTwo."),
        ("One.\n\n- a", ""),
        ("- a\n\n- b\n\nT", "- a\n\n- b"),
        ("```\na\n\nb", ""),
        ("```\na\n\nb\n```\n\nT", "```\na\n\nb\n```"),
    ],
)
def test_the_finished_part_of_a_growing_answer(text: str, expected: str) -> None:
    assert finished_part(text) == expected


def test_blocks_of_a_growing_answer_never_change_their_number() -> None:
    text = "One [1].\n\n- a\n- b\n\nTwo `x`.\n\n```\nc\n\nd\n```\n\nThree."
    counts = [len(blocks(finished_part(text[:end]))) for end in range(len(text) + 1)]
    assert counts == sorted(counts)
    assert len(blocks(text)) == 5


@pytest.mark.parametrize(
    "formula", ["$a_i * b_i$", r"\(x_1 \cdot x_2\)", r"\[P(A|B)\]", "$$a * b * c$$"]
)
def test_a_formula_stays_as_it_was_written(formula: str) -> None:
    assert formula in blocks(f"So {formula} holds *here*.")[0].html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("It is the **same", "<p>It is the same</p>"),
        ("It is `b = a", "<p>It is <code>b = a</code></p>"),
        ("It is **one** and **two", "<p>It is <strong>one</strong> and two</p>"),
    ],
)
def test_a_mark_left_open_where_the_writing_broke_off(text: str, html: str) -> None:
    assert blocks(text)[0].html == html
