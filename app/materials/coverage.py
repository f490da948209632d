"""Decides whether the materials answer a question: answered, closest passages, or not covered.

Pure. **The numbers are provisional**: read off one set of English encyclopedia paragraphs
(`bench/coverage.py`, where they wrongly refuse 3 % of the questions that a paragraph answers), not
yet calibrated on held-out questions of courses and other languages.
"""

from dataclasses import dataclass

from models import Coverage

# Cosine and words together: COSINE_WEIGHT · cosine + share of words.
COSINE_WEIGHT = 4.0
ANSWERED = 3.95
NEAR = 3.75
# Words alone, before there are vectors and for models whose cosines have not been looked at.
ANSWERED_BY_WORDS = 0.60
NEAR_BY_WORDS = 0.35
# Meaning alone, for a question in another language than the materials.
ANSWERED_BY_MEANING = 0.86
NEAR_BY_MEANING = 0.80

# Cosines of two models are not alike: these numbers hold for the family of E5.
_KNOWN_MODELS = ("e5-",)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a search found: the best cosine (None: no vectors) and the best share of words.

    `word_share` is the part of the question's words, by their rarity, that one passage holds; None
    where the words say nothing because the question is in another language.
    """

    cosine: float | None
    word_share: float | None


def judge(found: Evidence) -> Coverage:
    """Whether the materials answer the question, by the best passages' evidence."""
    if found.cosine is None:
        return _level(found.word_share or 0.0, ANSWERED_BY_WORDS, NEAR_BY_WORDS)
    if found.word_share is None:
        return _level(found.cosine, ANSWERED_BY_MEANING, NEAR_BY_MEANING)
    return _level(COSINE_WEIGHT * found.cosine + found.word_share, ANSWERED, NEAR)


def is_known(model: str) -> bool:
    """Whether the cosines of this embedding model can be judged."""
    return any(part in model for part in _KNOWN_MODELS)


def _level(value: float, answered: float, near: float) -> Coverage:
    if value >= answered:
        return Coverage.ANSWERED
    return Coverage.CLOSEST if value >= near else Coverage.NOT_COVERED
