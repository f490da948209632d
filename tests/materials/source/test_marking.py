"""Quotations marked in a page, and pages as safe HTML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.source.marking import mark, reduce
from app.materials.source.rendering import as_html


@pytest.mark.parametrize(
    ("html", "quote", "marked"),
    [
        ("<p>One two three.</p>", "two", "<p>One <mark>two</mark> three.</p>"),
        ("<p>A “list” is, an order</p>", "list is an", "<p>A “<mark>list” is, an</mark> order</p>"),
        (
            "<p>a <em>key</em> word</p>",
            "a key word",
            "<p><mark>a</mark> <em><mark>key</mark></em> <mark>word</mark></p>",
        ),
        ("<p>x &lt; y &amp; z</p>", "x < y & z", "<p><mark>x &lt; y &amp; z</mark></p>"),
        ("<p>Größe</p>", "grosse", "<p>Größe</p>"),
        ("<p>Café</p>", "cafe", "<p><mark>Café</mark></p>"),
        ("<p>nothing here</p>", "something else", "<p>nothing here</p>"),
        ("<p>nothing here</p>", " ?! ", "<p>nothing here</p>"),
        ('<a href="a>b two">two</a>', "two", '<a href="a>b two"><mark>two</mark></a>'),
    ],
)
def test_marking(html: str, quote: str, marked: str) -> None:
    assert mark(html, [quote]) == marked


def test_a_quotation_that_is_broken_is_found_by_its_runs_of_words() -> None:
    html = "<p>the first half of it</p><p>12 Running head</p><p>and then the second half</p>"
    marked = mark(html, ["the first half of it and then the second half"])
    assert "<mark>the first half of it</mark>" in marked
    assert "<mark>and then the second half</mark>" in marked
    assert "<mark>12" not in marked


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "a", "b ", "&amp;", "<em>x</em>", "é"])).map("".join),
    st.lists(st.text(alphabet="ab é&x ", max_size=12), max_size=3),
)
def test_marking_changes_nothing_but_marks(html: str, quotes: list[str]) -> None:
    marked = mark(html, quotes)
    assert re.sub("</?mark>", "", marked) == html
    assert marked.count("<mark>") == marked.count("</mark>")


def test_letters_alone_are_compared() -> None:
    assert reduce("É-4 „x“\n") == "e4x"


def test_markdown_is_rendered_below_the_panels_headings() -> None:
    html = as_html("# One\n\n- *a*\n- `b`\n\n| x | y |\n|---|---|\n| 1 | 2 |", is_markdown=True)
    assert "<h3>One</h3>" in html and "<em>a</em>" in html and "<td>1</td>" in html


@pytest.mark.parametrize("is_markdown", [True, False])
def test_nothing_in_a_file_becomes_a_script(is_markdown: bool) -> None:
    text = (
        "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1))"
        "\n\n![b](http://x/y.png)\n\n```html\n<script>\n```\n\n<style>*{}</style>"
    )
    html = as_html(text, is_markdown=is_markdown)
    assert not re.search(r"<(script|img|style|iframe)|\shref=\"javascript|<[^>]*\sonerror", html)


def test_slides_keep_their_lines_and_code_its_spaces() -> None:
    html = as_html("Round | n\n1 | <5>\n\na | b\nno row")
    assert "<tr><td>1</td><td>&lt;5&gt;</td></tr></table>" in html and "<p>a | b<br>" in html
    html = as_html("Lists\n\nfirst\nsecond\n\nfor x in y:\n    print(x)", "Lists")
    assert html == (
        "<h3>Lists</h3>\n<p>first<br>\nsecond</p>\n"
        '<pre tabindex="0">for x in y:\n    print(x)</pre>'
    )
