"""The sentence that is shown of a passage, and what is marked in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval.snippets import LONGEST, Snippet, keys_in, sentences, snippet

CELLS = (
    "Cells are small. Osmosis moves water through a membrane towards the stronger solution. "
    "Light is turned into sugar elsewhere."
)


def marked(found: Snippet) -> list[str]:
    return [text for text, is_marked in found.pieces() if is_marked]


@pytest.mark.parametrize(
    ("content", "question", "sentence", "words"),
    [
        (CELLS, "water membranes", "Osmosis moves water", ["water", "membrane"]),
        ("Nichts. Die Zellmembran lässt Wasser durch.", "wasser?", "Die Zell", ["Wasser"]),
        ("Nada aquí. Las CÉLULAS crecen.", "celula", "Las C", ["CÉLULAS"]),
        ("呼吸释放能量。光合作用把光能转化。", "什么是光合作用?", "光合", ["光合作用"]),
        ("Клетки малы. Осмос движет водой.", "осмоса", "Осмос", ["Осмос"]),
        ("C is old. C++ came later.", "C++", "C++ came", ["C++"]),
        ("First line\nsecond water line\nthird", "water", "second", ["water"]),
        ("कोशिका छोटी है। परासरण पानी ले जाता है।", "परासरण", "कोशिका", ["परासरण"]),
    ],
)
def test_the_sentence_that_holds_most_of_the_question(
    content: str, question: str, sentence: str, words: list[str]
) -> None:
    found = snippet(content, question)
    assert found.text.startswith(sentence)
    assert marked(found) == words
    assert content[found.offset :].startswith(found.text)


def test_rare_words_count_more_where_their_weights_are_known() -> None:
    content = "The cell and the wall are old. Osmosis is slow."
    assert snippet(content, {"the": 0.1, "cell": 0.1, "wall": 0.1, "osmo": 3.0}).text == (
        "Osmosis is slow."
    )


def test_without_a_word_of_the_question_the_beginning_is_shown() -> None:
    found = snippet(CELLS, "xyzzy")
    assert found.text == "Cells are small." and not found.marks and found.share == 0


def test_a_long_sentence_is_cut_around_what_was_asked() -> None:
    content = "word " * 300 + "osmosis " + "tail " * 300
    found = snippet(content, "osmosis")
    assert len(found.text) <= LONGEST and marked(found) == ["osmosis"]
    assert content[found.offset :].startswith(found.text)


def test_the_share_is_the_part_of_the_question_in_one_sentence() -> None:
    assert snippet("water. membrane.", "water membrane").share == 0.5
    assert snippet("water membrane.", "water membrane").share == 1


@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_gives_a_snippet_that_stands_there(content: str, question: str) -> None:
    found = snippet(content, question)
    assert "".join(text for text, _ in found.pieces()) == found.text
    assert content[found.offset : found.offset + len(found.text)] == found.text
    assert 0 <= found.share <= 1.0000001
    assert all(keys_in(word) for word in marked(found))


@given(st.text(max_size=300))
def test_sentences_leave_no_word_out(content: str) -> None:
    together = "".join(content[start:end] for start, end in sentences(content))
    assert "".join(together.split()).count("a") == "".join(content.split()).count("a")
