"""Decides whether the materials answer a question: answered, closest passages, or not covered.

Pure. What counts is the passage found first: how near it is, how far it stands out from the next
nearest chunks, and how much of the question it and its best sentence hold.

How the numbers came about (`make bench B=coverage`): XQuAD in English, Spanish and German, the
paragraphs of half its articles as a course; answered questions, near misses (the answering
paragraph taken away) and off-topic ones (of the other half's articles). The four parts and their
weights were chosen on one half by logistic regression, rounded (`COSINE_WEIGHT`: cosines of E5 move
within a tenth, shares within one); forms and thresholds were compared with both halves in view, so
the figures are no clean held-out ones. `NEAR` is where 3 % of answered questions are refused over
the three languages (German 5 to 6 %, English and Spanish 2 to 3 %), `ANSWERED` where a tenth of the
near misses would still be called answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.materials.retrieval.normalisation import fold
from models import Coverage

COSINE_WEIGHT = 8.0
ANSWERED = 8.2
NEAR = 7.65
# Words alone, before there are vectors and for models whose cosines have not been looked at.
ANSWERED_BY_WORDS = 0.95
NEAR_BY_WORDS = 0.65
ENDING = 3
"""Letters in which two forms of a word differ at their end: "probably" is no form of "probability",
though it has the same stem."""
# Meaning alone, for a question in another language than the materials.
ANSWERED_BY_MEANING = 7.0
NEAR_BY_MEANING = 6.45

LEVELS = (Coverage.NOT_COVERED, Coverage.CLOSEST, Coverage.ANSWERED)
OTHERS = 9
UNRELATED = 0.80
"""E5's cosine of a question and a text that have nothing in common: stands for the others where a
course has fewer chunks."""

# Cosines of two models are not alike: these numbers hold for the family of E5.
_KNOWN_MODELS = ("e5-",)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a search found first: its cosine (None: no vectors) and the mean cosine of the next
    nearest nine chunks; how much of the question, by its words' rarity, the passage and its best
    sentence hold (None where words say nothing: the question is in another language), and how much
    of it the passage says in these words, of which stems make more.
    """

    cosine: float | None = None
    others: float = UNRELATED
    word_share: float | None = 0.0
    sentence_share: float = 0.0
    said_share: float = 1.0


def judge(found: Evidence) -> Coverage:
    """Whether the materials answer the question, by the evidence of the first passage."""
    by_words = (found.word_share or 0.0) + found.sentence_share
    if found.cosine is None:
        level = _level(by_words, ANSWERED_BY_WORDS, NEAR_BY_WORDS)
        is_said = 2 * found.said_share >= ANSWERED_BY_WORDS
        return level if is_said else min(level, Coverage.CLOSEST, key=LEVELS.index)
    by_meaning = COSINE_WEIGHT * (2 * found.cosine - found.others)
    if found.word_share is None:
        return _level(by_meaning, ANSWERED_BY_MEANING, NEAR_BY_MEANING)
    return _level(by_meaning + by_words, ANSWERED, NEAR)


def mean_of_others(cosines: list[float]) -> float:
    """The mean of the nine, filled up where there are fewer."""
    nine = [*cosines[:OTHERS], *[UNRELATED] * (OTHERS - len(cosines))]
    return sum(nine) / OTHERS


def said_share(content: str, words: Mapping[str, float]) -> float:
    """How much of a question, given as its folded words and what each says, a text holds in these
    words, endings apart. Where words alone judge, a common stem is too little."""
    said = set(fold(content).split())
    held = (weight for word, weight in words.items() if any(_is_form(word, one) for one in said))
    return sum(held) / (sum(words.values()) or 1.0)


def _is_form(word: str, other: str) -> bool:
    least = max(len(word), len(other)) - ENDING
    return other[: max(least, 1)] == word[: max(least, 1)]


def is_known(model: str) -> bool:
    """Whether the cosines of this embedding model can be judged."""
    return any(part in model for part in _KNOWN_MODELS)


def _level(value: float, answered: float, near: float) -> Coverage:
    if value >= answered:
        return Coverage.ANSWERED
    return Coverage.CLOSEST if value >= near else Coverage.NOT_COVERED
