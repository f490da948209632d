"""Finds which concept a text is about, by plain words: no model, nothing to index."""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Id = TypeVar("Id", bound=Hashable)

_WORD = re.compile(r"[^\W_]+")
# Words that say nothing about what a text is about. Short on purpose: weights do the rest.
_EMPTY = frozenset(
    "a an and are as at be by can do does for from how i in is it of on or that the their then "
    "there this to was what when where which who why with you your".split()
)
LEAST_SHARE = 0.5
"""Of the weight of a phrase's words, so much has to be in the text."""
PARTLY = 0.6
"""What a phrase found in pieces is worth, against one that stands there whole."""


@dataclass(frozen=True, slots=True)
class Named(Generic[Id]):
    """A concept by the phrases that stand for it: its name first, then its keywords."""

    id: Id
    phrases: tuple[str, ...]


def best_match(text: str, concepts: Sequence[Named[Id]]) -> Id | None:
    """The concept whose name or keyword is most plainly in the text; None if none is.

    A word that many concepts share weighs less; a phrase that stands there whole weighs more than
    its words apart. Ties go to the earlier concept.
    """
    said = _words(text)
    frequency = Counter(word for concept in concepts for word in _vocabulary(concept))
    best: tuple[float, Id] | None = None
    for concept in concepts:
        score = max((_score(_words(p), said, frequency) for p in concept.phrases), default=0.0)
        if score > 0.0 and (best is None or score > best[0]):
            best = (score, concept.id)
    return best[1] if best else None


def _score(phrase: list[str], said: list[str], frequency: Counter[str]) -> float:
    weights = {word: 1.0 / frequency[word] for word in phrase}
    whole = sum(weights.values())
    if not whole:
        return 0.0
    if _stands_in(phrase, said):
        return whole
    found = sum(weight for word, weight in weights.items() if word in said)
    return PARTLY * found if len(weights) > 1 and found >= LEAST_SHARE * whole else 0.0


def _stands_in(phrase: list[str], said: list[str]) -> bool:
    size = len(phrase)
    return any(said[i : i + size] == phrase for i in range(len(said) - size + 1))


def _vocabulary(concept: Named[Id]) -> set[str]:
    return {word for phrase in concept.phrases for word in _words(phrase)}


def _words(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.casefold()) if word not in _EMPTY]


def _stem(word: str) -> str:
    """Loops and loop are one word; more grammar than that is not needed for names."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
