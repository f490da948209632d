"""Words and meaning fused, by value."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval.fusion import Place, fuse, with_neighbours
from app.materials.retrieval.vectors import VectorHit
from app.materials.retrieval.words import WordHit

FILE = 1


def word(index: int, score: float, share: float, *, has_vector: bool = True) -> WordHit:
    return WordHit(FILE, index, score, share, has_vector)


def near(index: int, cosine: float) -> VectorHit:
    return VectorHit(FILE, index, cosine, score=cosine)


def order(scores: dict[Place, float]) -> list[int]:
    return [index for (_, index), _ in sorted(scores.items(), key=lambda item: -item[1])]


places = st.lists(st.integers(0, 30), unique=True, max_size=20)
falling = st.floats(0.01, 1)


@given(places, places, st.data())
def test_everything_is_kept_and_so_is_an_order_on_which_both_agree(
    a: list[int], b: list[int], data: st.DataObject
) -> None:
    scores = sorted((data.draw(falling) for _ in a), reverse=True)
    cosines = sorted((data.draw(falling) for _ in b), reverse=True)
    words = [word(i, score, score) for i, score in zip(a, scores, strict=True)]
    vectors = [near(i, cosine) for i, cosine in zip(b, cosines, strict=True)]
    fused = fuse(words, vectors)
    assert fused.keys() == {(FILE, i) for i in {*a, *b}}
    assert all(0 <= score <= 2.000001 for score in fused.values())
    for first, second in pairwise(a):
        if first in b and second in b and b.index(first) < b.index(second):
            assert fused[FILE, first] >= fused[FILE, second]


def test_words_that_hold_little_of_the_question_count_little() -> None:
    """Names alone, of a question in another language."""
    vectors = [near(1, 0.9), near(2, 0.85), near(3, 0.7)]
    assert order(fuse([word(2, 9.0, 0.1), word(3, 8.0, 0.1)], vectors)) == [1, 2, 3]
    assert order(fuse([word(2, 9.0, 0.9), word(3, 8.0, 0.9)], vectors))[0] == 2


def test_how_far_apart_two_hits_are_is_kept() -> None:
    words = [word(1, 10.0, 0.8), word(2, 2.0, 0.2)]
    assert order(fuse(words, [near(2, 0.83), near(1, 0.82), near(3, 0.7)])) == [1, 2, 3]


def test_a_hairs_breadth_between_two_cosines_decides_nothing() -> None:
    fused = fuse([word(1, 5.0, 0.5), word(2, 4.0, 0.4)], [near(2, 0.8001), near(1, 0.8)])
    assert order(fused) == [1, 2]


@pytest.mark.parametrize("has_vector", [True, False])
def test_a_chunk_whose_vector_is_still_to_come_is_not_behind(has_vector: bool) -> None:
    words = [word(1, 10.0, 0.9, has_vector=has_vector), word(2, 5.0, 0.5)]
    vectors = [near(2, 0.9), near(3, 0.8)]
    assert order(fuse(words, vectors))[0] == (2 if has_vector else 1)


def test_the_page_whose_neighbours_are_on_the_matter_comes_first() -> None:
    scores = {(1, 4): 1.0, (1, 5): 0.9, (1, 9): 1.0, (2, 10): 0.9}
    assert order(with_neighbours(scores)) == [4, 5, 9, 10]


@given(st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 9)), falling))
def test_neighbours_take_nothing_away(scores: dict[Place, float]) -> None:
    raised = with_neighbours(scores)
    assert raised.keys() == scores.keys()
    assert all(scores[place] <= raised[place] <= scores[place] + 0.1 for place in scores)
