"""How much of a question a sentence holds, and what is marked of it in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval.snippets import keys_in, look, mark, sentences


def weights(question: str) -> dict[str, float]:
    return dict.fromkeys(keys_in(question), 1.0)


def marked(text: str, question: str) -> list[str]:
    return [text[start:end] for start, end in mark(text, weights(question))]


@pytest.mark.parametrize(
    ("text", "question", "words"),
    [
        ("Osmosis moves water through a membrane.", "water membranes", ["water", "membrane"]),
        ("Die Zellmembran lässt Wasser durch.", "wasser?", ["Wasser"]),
        ("Las CÉLULAS crecen.", "celula", ["CÉLULAS"]),
        ("光合作用把光能转化。", "什么是光合作用?", ["光合作用"]),
        ("Осмос движет водой.", "осмоса", ["Осмос"]),
        ("C++ came later than C.", "C++", ["C++"]),
        ("परासरण पानी ले जाता है।", "परासरण", ["परासरण"]),
        ("The prior $P(prior)$ is set; a prior costs $5.", "prior", ["prior", "prior"]),
    ],
)
def test_the_words_of_the_question_are_marked(text: str, question: str, words: list[str]) -> None:
    assert marked(text, question) == words


def test_the_share_is_the_part_of_the_question_in_one_sentence() -> None:
    asked = weights("water membrane")
    assert look("water. membrane.", asked).share == 0.5
    assert look("water membrane.", asked).share == 1
    assert look("nothing", asked).share == 0


@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_can_be_marked(text: str, question: str) -> None:
    spans = mark(text, weights(question))
    assert list(spans) == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(keys_in(text[start:end]) for start, end in spans)
    assert 0 <= look(text, weights(question)).share <= 1.0000001


@given(st.text(max_size=300))
def test_sentences_leave_no_word_out(content: str) -> None:
    together = "".join(content[start:end] for start, end in sentences(content))
    assert "".join(together.split()).count("a") == "".join(content.split()).count("a")
