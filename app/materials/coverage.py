"""Decides whether the materials answer a question: answered, closest passages, or not covered.

Pure. **The numbers are provisional**: chosen by hand after a look at English Wikipedia paragraphs
(`bench/coverage.py` prints what they do), not yet calibrated on held-out questions of courses.
"""

from dataclasses import dataclass

from models import Coverage

# Both kinds of evidence agree, or one alone is beyond doubt.
COSINE_SURE = 0.90
COSINE_LIKELY = 0.85
WORDS_LIKELY = 0.55
WORDS_SURE = 0.85
# Under both of these nothing in the materials is near.
COSINE_FAR = 0.81
WORDS_FAR = 0.30


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a search found: the best cosine (None: no vectors) and the best share of words.

    `word_share` is the part of the question's rare words, by weight, that one passage holds.
    """

    cosine: float | None
    word_share: float


def judge(found: Evidence) -> Coverage:
    """Whether the materials answer the question, by the best passages' evidence."""
    if found.cosine is None:
        return _by_words(found.word_share)
    if found.cosine >= COSINE_SURE or found.word_share >= WORDS_SURE:
        return Coverage.ANSWERED
    if found.cosine >= COSINE_LIKELY and found.word_share >= WORDS_LIKELY:
        return Coverage.ANSWERED
    if found.cosine < COSINE_FAR and found.word_share < WORDS_FAR:
        return Coverage.NOT_COVERED
    return Coverage.CLOSEST


def _by_words(share: float) -> Coverage:
    if share >= WORDS_SURE:
        return Coverage.ANSWERED
    return Coverage.CLOSEST if share >= WORDS_FAR else Coverage.NOT_COVERED
