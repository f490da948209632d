"""Web pages, OpenDocument, notebooks and captions: read under `other`, told by their content."""

import json
from pathlib import Path

import pytest

from app.materials.indexing.extraction import Extraction, SourceUnreadable, extract
from tests.materials import makers

PAGE = """<!DOCTYPE html><html><head><title>Week 4: Sorting</title><style>p{color:red}</style>
<script>alert("steal")</script></head><body><nav><a href="/">Home</a> Courses</nav>
<div role="banner">University of Somewhere</div>
<h1>Sorting</h1><p>A <em>stable</em> sort keeps <a href="x.html">equal keys</a> in order.
<script>track()</script></p><h2>Merge sort</h2>
<p>It takes <math display="inline"><semantics><mrow><mi>n</mi></mrow>
<annotation encoding="application/x-tex">O(n \\log n)</annotation></semantics></math>
steps on a_long_name.</p>
<pre class="language-python"><code>def halve(a):
    return a[:1], a[1:]</code></pre>
<table><tr><th>sort</th><th>stable</th></tr><tr><td>heap</td><td>no</td></tr></table>
<img src="t.png" alt="A tree of halves"><ul><li>first</li><li>second</li></ul>
<footer>Impressum</footer></body></html>"""

BOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"language_info": {"name": "python"}},
    "cells": [
        {"cell_type": "markdown", "source": ["# Means\n", "\n", "The mean is `sum/len`."]},
        {
            "cell_type": "code",
            "source": "for x in (1, 2):\n    print(x)",
            "outputs": [
                {"output_type": "stream", "text": ["1\n", "2\n"]},
                {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo="}},
                {"output_type": "error", "traceback": ["\x1b[31mNameError\x1b[0m: y"]},
            ],
        },
        {"cell_type": "markdown", "source": "```\nleft open"},
        {"cell_type": "markdown", "source": "## Medians\n\nThe middle one."},
    ],
}

VTT = """WEBVTT - Lecture 3

NOTE made by hand

intro
00:00:01.000 --> 00:00:04.000 align:start
<v Prof. Ito>Welcome to <i>lecture</i> three.

00:12:40.500 --> 00:12:44.000
A hash table maps keys &amp; values.

00:12:44.000 --> 00:12:47.000
A hash table maps keys &amp; values.
It needs a hash function.

01:02:05.000 --> 01:02:09.000
<v Student>What of collisions?
"""

SRT = (
    "1\r\n00:00:02,000 --> 00:00:04,500\r\nUna pila es LIFO.\r\n\r\n"
    "2\r\n00:04:10,000 --> 00:04:12,000\r\nUna cola es FIFO.\r\n"
)


def read(folder: Path, name: str, content: bytes | str) -> Extraction:
    raw = content.encode() if isinstance(content, str) else content
    return extract(makers.saved(folder, raw), name)


def kind(found: Extraction) -> tuple[str, str | None]:
    return found.file_type, found.media_type


def test_a_web_page_is_read_as_markdown_without_its_furniture(tmp_path: Path) -> None:
    found = read(tmp_path, "week4.html", PAGE)
    assert (kind(found), found.title) == (("other", "text/html"), "Week 4: Sorting")
    assert found.is_markdown
    assert [page.heading for page in found.pages] == ["Sorting", "Sorting › Merge sort"]
    assert found.pages[0].text == "# Sorting\n\nA *stable* sort keeps equal keys in order."
    second = found.pages[1].text
    assert "$O(n \\log n)$\nsteps on a_long_name." in second
    assert "```python\ndef halve(a):\n    return a[:1], a[1:]\n```" in second
    assert "| heap | no |" in second and "A tree of halves" in second and "- second" in second
    everything = "".join(page.text for page in found.pages)
    for gone in ("alert", "track", "color", "Home", "Impressum", "Somewhere", "x.html"):
        assert gone not in everything


def test_a_web_page_says_which_part_is_its_text(tmp_path: Path) -> None:
    page = "<html><body><p>Menu of the site</p><main><p>The lesson.</p></main></body></html>"
    (only,) = read(tmp_path, "a.htm", page).pages
    assert only.text == "The lesson."


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-2", "windows-1251"])
def test_a_web_page_is_read_in_the_encoding_that_it_names(tmp_path: Path, encoding: str) -> None:
    text = "Příliš" if encoding == "iso-8859-2" else "Привет"
    page = f'<html><head><meta charset="{encoding}"></head><body><p>{text}</p></body></html>'
    assert read(tmp_path, "a.html", page.encode(encoding)).pages[0].text == text


def test_a_notebook_is_read_with_what_it_printed(tmp_path: Path) -> None:
    found = read(tmp_path, "means.ipynb", json.dumps(BOOK, indent=1))
    assert kind(found) == ("other", "application/x-ipynb+json")
    assert [page.heading for page in found.pages] == ["Means", "Means › Medians"]
    text = found.pages[0].text
    assert "```python\nfor x in (1, 2):\n    print(x)\n```" in text
    assert "```text\n1\n2\n```" in text and "NameError: y" in text
    assert "iVBOR" not in text and "\x1b" not in text
    assert found.pages[1].text.endswith("The middle one.")


def test_an_old_notebook_is_read_too(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Loops"},
        {"cell_type": "code", "input": "1 + 1", "outputs": [{"output_type": "pyout", "text": "2"}]},
    ]
    book = {"nbformat": 3, "metadata": {"name": "x"}, "worksheets": [{"cells": cells}]}
    (page,) = read(tmp_path, "old.ipynb", json.dumps(book)).pages
    assert page.heading == "Loops"
    assert page.text == "## Loops\n\n```\n1 + 1\n```\n\n```text\n2\n```"


def test_captions_are_cited_by_time(tmp_path: Path) -> None:
    found = read(tmp_path, "lecture3.vtt", VTT)
    assert kind(found) == ("other", "text/vtt")
    assert [(page.label, page.heading, page.text) for page in found.pages] == [
        ("0:01", "0:01", "Prof. Ito: Welcome to lecture three."),
        ("12:40", "12:40", "A hash table maps keys & values. It needs a hash function."),
        ("1:02:05", "1:02:05", "Student: What of collisions?"),
    ]


def test_subrip_captions_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, "clase.srt", SRT)
    assert kind(found) == ("other", "application/x-subrip")
    assert [(page.label, page.text) for page in found.pages] == [
        ("0:02", "Una pila es LIFO."),
        ("4:10", "Una cola es FIFO."),
    ]


def test_a_page_of_captions_ends_with_a_sentence_and_holds_about_a_minute(tmp_path: Path) -> None:
    cues = (
        f"00:{s // 60:02}:{s % 60:02}.000 --> 00:{s // 60:02}:{s % 60:02}.900\n"
        f"This is sentence number {s}, which is neither short nor long.\n"
        for s in range(0, 600, 4)
    )
    found = read(tmp_path, "long.vtt", "WEBVTT\n\n" + "\n".join(cues))
    assert all(page.text.endswith(".") and len(page.text) <= 900 for page in found.pages)
    assert 10 <= found.page_count <= 15
    assert "".join(page.text for page in found.pages).count("sentence number") == 150


def test_an_opendocument_text_is_read_by_heading(tmp_path: Path) -> None:
    body = """
      <text:tracked-changes><text:p>deleted long ago</text:p></text:tracked-changes>
      <text:table-of-content><text:p>Cells . . . 3</text:p></text:table-of-content>
      <text:h text:outline-level="1">Cells</text:h>
      <text:p>Every <text:span>cell</text:span> has a membrane<text:note>
        <text:note-citation>1</text:note-citation>
        <text:note-body><text:p>Schwann, 1839.</text:p></text:note-body></text:note>.</text:p>
      <text:list><text:list-item><text:p>nucleus</text:p></text:list-item></text:list>
      <text:h text:outline-level="2">Counting</text:h>
      <text:p text:style-name="P1">for cell in dish:</text:p>
      <text:p text:style-name="P1"><text:s text:c="4"/>count(cell)</text:p>
      <table:table><table:table-row><table:table-cell><text:p>part</text:p></table:table-cell>
        <table:table-cell><text:p>task</text:p></table:table-cell></table:table-row></table:table>"""
    found = read(tmp_path, "cells.odt", makers.opendocument(body))
    assert kind(found) == ("other", "application/vnd.oasis.opendocument.text")
    assert [page.heading for page in found.pages] == ["Cells", "Cells › Counting"]
    assert found.pages[0].text == (
        "Cells\n\nEvery cell has a membrane[1].\n[1] Schwann, 1839.\n\n• nucleus"
    )
    assert found.pages[1].text == ("Counting\n\nfor cell in dish:\n    count(cell)\n\npart | task")


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("week4.txt", PAGE, "text/html"),
        ("week4", PAGE, "text/html"),
        ("fragment.html", "<p>Just a paragraph</p>", "text/html"),
        ("means.json", json.dumps(BOOK), "application/x-ipynb+json"),
        ("means.txt", json.dumps(BOOK), "application/x-ipynb+json"),
        ("talk.txt", VTT, "text/vtt"),
        ("talk.vtt", SRT, "application/x-subrip"),
        (
            "cells",
            makers.opendocument("<text:p>x</text:p>"),
            "application/vnd.oasis.opendocument.text",
        ),
        ("notes.html", "No tags, so it is text.", None),
        ("notes.md", "WEBVTTs are captions.", None),
        ("data.txt", '{"cells": 3}', None),
    ],
)
def test_the_type_is_told_by_content(
    tmp_path: Path, name: str, content: bytes | str, media_type: str | None
) -> None:
    assert read(tmp_path, name, content).media_type == media_type


@pytest.mark.parametrize(
    ("name", "content", "part_of_the_sentence"),
    [
        ("a.pdf", PAGE, "but the file is a web page. Give it the ending .html"),
        ("a.docx", makers.opendocument(""), "but the file is an OpenDocument text"),
        (
            "a.odt",
            makers.opendocument("<text:p>x</text:p>", encrypted=True),
            "protected by a password",
        ),
        ("a.odt", makers.opendocument("<text:p>x</text:p>")[:-60], "damaged or was cut off"),
        ("a.odt", makers.with_part(makers.opendocument(""), "content.xml", b"<a"), "damaged"),
        ("a.odt", makers.with_part(makers.opendocument(""), "content.xml", 300 << 20), "0.3 GB"),
        ("a.ods", makers.zip_of("mimetype", "content.xml"), "OpenDocument file of another kind"),
        ("a.ipynb", json.dumps(BOOK)[:-40], "damaged or was cut off"),
        ("a.ipynb", '{"cells": 4, "nbformat": 4}', "damaged or was cut off"),
        ("a.vtt", "WEBVTT\n\nno times", "damaged or was cut off"),
        ("a.html", "<html><script>only()</script></html>", "holds no text"),
        ("a.html", "<html>" + "<div>" * 50_000 + "deep", "."),
    ],
)
def test_a_faulty_file_is_a_sentence(
    tmp_path: Path, name: str, content: bytes | str, part_of_the_sentence: str
) -> None:
    try:
        read(tmp_path, name, content)
    except SourceUnreadable as fault:
        assert part_of_the_sentence in fault.sentence and fault.sentence.endswith(".")
    else:
        # A parser may cope with a page nested 50,000 deep; then it has its text.
        assert "deep" in str(content)
