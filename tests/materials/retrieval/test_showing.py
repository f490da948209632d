"""The sentence that is shown of a passage: whole, plain, and no title where there is a sentence."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval.passages import Passage
from app.materials.retrieval.showing import snippet_of
from app.materials.retrieval.snippets import LONGEST, Snippet, keys_in, look
from models import FileType

CELLS = (
    "Cells are small. Osmosis moves water through a membrane towards the stronger solution. "
    "Light is turned into sugar elsewhere."
)
WRAPPED = """## Membranes {#sec-membranes}

A **membrane** lets all the water through and holds
*salt* back, as `osmosis()` at the end of the page in
[the model](model.md) shows. It is thin.

| Side | What is there |
|------|---------------|
| left | **salt** and water |

- Ions need a channel
- `pump` moves them
"""


def passage(content: str, kind: FileType = FileType.PDF, **given: object) -> Passage:
    facts: dict[str, object] = {
        "chunk_id": uuid.uuid4(),
        "material_id": uuid.uuid4(),
        "material_title": "Cells",
        "file_type": kind,
        "chunk_index": 0,
        "start_page": 1,
        "end_page": 1,
        "heading": None,
        "content": content,
        "page_starts": (0,),
        "score": 1.0,
        "cosine": 0.9,
        "word_share": 1.0,
    }
    return Passage(**{**facts, **given})  # type: ignore[arg-type]


def show(content: str, question: str, kind: FileType = FileType.PDF, **given: object) -> Snippet:
    weights = dict.fromkeys(keys_in(question), 1.0)
    return snippet_of(passage(content, kind, **given), weights, look(content, weights))


def marked(found: Snippet) -> list[str]:
    return [text for text, is_marked in found.pieces() if is_marked]


@pytest.mark.parametrize(
    ("content", "question", "sentence"),
    [
        (
            CELLS,
            "water membranes",
            "Osmosis moves water through a membrane towards the stronger solution.",
        ),
        (
            "Nichts. Die Zellmembran lässt Wasser durch.",
            "wasser?",
            "Die Zellmembran lässt Wasser d",
        ),
        ("呼吸释放能量。光合作用把光能转化。", "什么是光合作用?", "光合作用把光能转化。"),
        ("C is old. C++ came later.", "C++", "C++ came later."),
        ("See Fig. 3 for the membrane. Go on.", "membrane", "See Fig. 3 for the membrane."),
    ],
)
def test_the_sentence_that_holds_most_of_the_question(
    content: str, question: str, sentence: str
) -> None:
    found = show(content, question)
    assert found.text.startswith(sentence)
    assert marked(found)
    assert content[found.offset :].startswith(found.text)


@pytest.mark.parametrize("kind", [FileType.MD, FileType.OTHER])
@pytest.mark.parametrize(
    ("question", "shown", "words"),
    [
        (
            "What holds salt back?",
            "A membrane lets all the water through and holds salt back, "
            "as osmosis() at the end of the page in the model shows.",
            ["holds", "salt", "back"],
        ),
        ("thin", "It is thin.", ["thin"]),
        ("left salt", "left · salt and water", ["left", "salt"]),
        ("side", "left · salt and water", []),
        ("which pump moves ions", "pump moves them", ["pump", "moves"]),
    ],
)
def test_a_sentence_of_markdown_is_whole_over_its_lines_and_plain(
    question: str, shown: str, words: list[str], kind: FileType
) -> None:
    found = show(WRAPPED, question, kind, heading="Cells › Membranes")
    assert found.text == shown
    assert marked(found) == words


def test_wrapped_text_is_a_sentence_and_its_marks_are_no_markdown() -> None:
    found = show("The function __init__ takes the\nvalue 2*3*4 and a list.", "list", FileType.TXT)
    assert found.text == "The function __init__ takes the value 2*3*4 and a list."


def test_lines_of_a_slide_stay_apart() -> None:
    lines = "Loops\nA while loop repeats\nA for loop goes through a list\nBoth end"
    assert show(lines, "for list", FileType.PPTX, heading="Loops").text == (
        "A for loop goes through a list"
    )


@pytest.mark.parametrize(
    ("content", "given"),
    [
        ("# Osmosis of salt\n\nWater goes where more of it is.", {"kind": FileType.MD}),
        (
            "Osmosis of salt\nWater goes where more of it is.",
            {"heading": "Cells › Osmosis of salt"},
        ),
        ("Osmosis of salt\nWater goes where more of it is.", {}),
        (
            "3.7 Osmosis of salt?\nWater goes where more of it is.",
            {"heading": "Cells › Osmosis of salt?", "page_starts": ()},
        ),
        ("2.1 Osmosis of salt\nWater goes where more of it is.", {"page_starts": ()}),
    ],
)
def test_a_title_gives_way_to_the_sentence_under_it(content: str, given: dict[str, object]) -> None:
    assert show(content, "osmosis of salt", **given).text == "Water goes where more of it is."  # type: ignore[arg-type]


def test_a_sentence_that_says_more_than_the_one_under_the_title_wins() -> None:
    text = "# Osmosis\n\nIt has a long history. Osmosis moves water. So it is."
    assert show(text, "osmosis", FileType.MD).text == "Osmosis moves water."


def test_a_title_alone_is_shown_where_nothing_else_stands() -> None:
    assert show("## Osmosis\n\n### Of *salt*", "salt", FileType.MD).text == "Of salt"


def test_code_is_shown_as_its_line() -> None:
    text = "Now it runs:\n\n```python\nx = 1\nfor word in words:\n    print(word)\n```\n"
    found = show(text, "for word in words", FileType.MD)
    assert found.is_code
    assert found.text == "for word in words:"


def test_without_a_word_of_the_question_the_beginning_is_shown() -> None:
    found = show(CELLS, "xyzzy")
    assert found.text == "Cells are small." and not found.marks


@pytest.mark.parametrize("end", ["tail ", "tail\n"])
def test_a_long_sentence_is_cut_around_what_was_asked(end: str) -> None:
    found = show("word " * 300 + "osmosis " + end * 300, "osmosis")
    assert len(found.text) <= LONGEST and marked(found) == ["osmosis"]


def test_the_offset_tells_the_page() -> None:
    text = "A tuple is immutable.\n\nA list is a sequence of values."
    found = passage(text, start_page=7, page_starts=(0, text.index("A list")))
    weights = dict.fromkeys(keys_in("a list"), 1.0)
    shown = snippet_of(found, weights, look(text, weights))
    assert found.page_at(shown.offset) == 8


@given(st.text(max_size=400), st.text(max_size=60), st.sampled_from(FileType))
def test_any_text_gives_a_snippet(content: str, question: str, kind: FileType) -> None:
    found = show(content, question, kind)
    assert "".join(text for text, _ in found.pieces()) == found.text
    assert len(found.text) <= LONGEST
    assert 0 <= found.offset <= len(content)
    assert all(keys_in(word) for word in marked(found))
