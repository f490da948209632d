"""A word that the course does not have, read as the one most like it: by value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval.likeness import beginnings, best, is_slip, likeness, past

COURSE = [
    *(("mitochondrion", 3), ("compens", 2), ("interest", 9), ("internet", 40), ("paleogen", 1)),
    *(("assignment", 4), ("asia", 7)),
]


@pytest.mark.parametrize(
    ("asked", "term"),
    [
        ("mitocondrion", "mitochondrion"),  # a slip of the pen
        ("kompensiert", "compens"),  # German for "compensated"
        ("interess", "interest"),  # and for "interest", sooner than "internet"
        ("palaogen", "paleogen"),
        ("miitochondrion", "mitochondrion"),  # a letter that is doubled, and one that is not
        ("asignment", "assignment"),
    ],
)
def test_the_word_most_like_it_is_taken(asked: str, term: str) -> None:
    found = best(asked, COURSE)
    assert found is not None and found.term == term
    assert found.found_in == dict(COURSE)[term] and 0.4 <= found.likeness < 1


@pytest.mark.parametrize("asked", ["interval", "palatin", "compact", "osmosis", "nitochondrion"])
def test_words_that_only_begin_alike_or_do_not_are_others(asked: str) -> None:
    assert best(asked, COURSE) is None


def test_of_words_equally_like_it_the_commonest_is_taken() -> None:
    assert best("xylemab", [("xylemac", 1), ("xylemad", 5)]) == best("xylemab", [("xylemad", 5)])


letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=12)


@given(letters, letters)
def test_likeness_is_a_share_and_the_same_both_ways(a: str, b: str) -> None:
    assert likeness(a, b) == likeness(b, a)
    assert 0 <= likeness(a, b) <= likeness(a, a) == 1


@given(letters, letters)
def test_a_range_holds_the_words_that_begin_so_and_no_others(asked: str, word: str) -> None:
    for first in beginnings(asked):
        assert (first <= word < past(first)) == word.startswith(first)
        assert first <= first + word < past(first)


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("dicionary", "dictionary"),
        ("dicttionary", "dictionary"),
        ("dictoonary", "dictionary"),
        ("dictinoary", "dictionary"),
        ("dictionayr", "dictionary"),
        ("begining", "beginning"),
        ("women", "woman"),
    ],
)
def test_one_stroke_is_a_slip(asked: str, word: str) -> None:
    assert is_slip(asked, word) and is_slip(word, asked)


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("dictionary", "dictionary"),
        ("planet", "plane"),
        ("plant", "plane"),
        ("cells", "cell"),
        ("dcitinoary", "dictionary"),
        ("conversation", "conservation"),
        ("", "a"),
    ],
)
def test_the_same_word_its_forms_and_two_strokes_are_none(asked: str, word: str) -> None:
    assert not is_slip(asked, word) and not is_slip(word, asked)
