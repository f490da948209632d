"""Answered, closest passages, or not covered: by value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval.coverage import (
    LEVELS,
    UNRELATED,
    Evidence,
    judge,
    mean_of_others,
    said_share,
)
from models import Coverage


@pytest.mark.parametrize(
    ("found", "coverage"),
    [
        (Evidence(0.87, 0.79, 0.76, 0.69), Coverage.ANSWERED),  # the usual answered question
        (Evidence(0.86, 0.80, 0.40, 0.40), Coverage.CLOSEST),
        (Evidence(0.82, 0.79, 0.32, 0.29), Coverage.NOT_COVERED),  # the usual near miss
        (Evidence(0.80, 0.78, 0.21, 0.20), Coverage.NOT_COVERED),  # the usual off-topic one
        (Evidence(0.87, 0.86, 0.30, 0.30), Coverage.NOT_COVERED),  # near, and so is everything
        (Evidence(None, word_share=0.6, sentence_share=0.5), Coverage.ANSWERED),
        (Evidence(None, word_share=0.4, sentence_share=0.3), Coverage.CLOSEST),
        (Evidence(None, word_share=1, sentence_share=1, said_share=0.4), Coverage.CLOSEST),
        (Evidence(None, word_share=0.1, sentence_share=0.1, said_share=0), Coverage.NOT_COVERED),
        (Evidence(None, word_share=0.2, sentence_share=0.2), Coverage.NOT_COVERED),
        (Evidence(0.88, 0.80, None), Coverage.ANSWERED),
        (Evidence(0.83, 0.80, None), Coverage.CLOSEST),
        (Evidence(0.79, 0.78, None), Coverage.NOT_COVERED),
        (Evidence(), Coverage.NOT_COVERED),
    ],
)
def test_meaning_and_words_are_weighed(found: Evidence, coverage: Coverage) -> None:
    assert judge(found) is coverage


share = st.floats(0, 1)


@given(st.floats(0.7, 1), st.floats(0.7, 0.9), share, share, st.floats(0, 0.1))
def test_more_of_anything_never_covers_less(
    cosine: float, others: float, words: float, sentence: float, more: float
) -> None:
    level = LEVELS.index(judge(Evidence(cosine, others, words, sentence)))
    for better in (
        Evidence(cosine + more, others, words, sentence),
        Evidence(cosine, others - more, words, sentence),
        Evidence(cosine, others, words + more, sentence),
        Evidence(cosine, others, words, sentence + more),
    ):
        assert LEVELS.index(judge(better)) >= level


def test_a_course_of_few_chunks_is_filled_up_with_what_has_nothing_in_common() -> None:
    assert mean_of_others([]) == pytest.approx(UNRELATED)
    assert mean_of_others([0.89]) == pytest.approx(UNRELATED + 0.01)
    assert mean_of_others([0.9] * 9 + [0.1]) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("content", "share"),
    [
        ("The Conditional PROBABILITY of two events.", 1.0),
        ("Conditionals and probabilities.", 1.0),
        ("It will probably rain on that condition.", 0.75),
        ("It will probably rain.", 0.0),
        ("", 0.0),
    ],
)
def test_by_words_alone_a_stem_is_no_word(content: str, share: float) -> None:
    assert said_share(content, {"conditional": 3.0, "probability": 1.0}) == share
    assert said_share(content, {}) == 0.0
