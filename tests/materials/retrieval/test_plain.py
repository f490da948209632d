"""What a person reads of a sentence that is shown alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval.plain import plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("- The *prior* is **here**: [see](x.md){.x} $P(H)$", "The prior is here: see $P(H)$"),
        ("`a * b` and `c * d`", "a * b and c * d"),
        ("$a * b$ and $c_i * d_i$", "$a * b$ and $c_i * d_i$"),
        ("\\(a*b*c\\) is a product", "\\(a*b*c\\) is a product"),
        ("## What a _loop_ is {#loops .unnumbered}", "What a loop is"),
        ("my_long_name and 2 * 3 * 4", "my_long_name and 2 * 3 * 4"),
        ("> quoted &amp; \\*kept\\*", "quoted & *kept*"),
        ("![The cell](cell.png) is round", "The cell is round"),
        ("| `for` | *any* \\| all | |", "for · any | all"),
        ("<b>raw</b> stays", "<b>raw</b> stays"),
        ("1. First of all", "First of all"),
        ("", ""),
    ],
)
def test_marks_of_markdown_go(written: str, read: str) -> None:
    assert plain(written, is_markdown=True) == read


@pytest.mark.parametrize("text", ["__init__ is called", "2*3*4 = 24", "a | b", "`x`"])
def test_other_texts_keep_all_but_their_bullets(text: str) -> None:
    assert plain(f"• {text}", is_markdown=False) == text


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(plain(" ".join(text.split()), is_markdown=True), str)
