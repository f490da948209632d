"""Compares texts by the words they share: what is asked with what is written. Pure."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from app.materials.retrieval.normalisation import fold

# Words that carry nothing to look for, in the languages that course texts come in most.
_EMPTY = frozenset(
    "a an the and or but if of to in on at by for from with as is are was were be been it its "
    "this that these those there here i you we they he she my your our their me us them do does "
    "did can could would should will shall may might must have has had not no so than then what "
    "which who whom whose when where why how about into over also just only any some all each "
    "explain tell describe give show please mean means between difference first second third one "
    "two three use used using get got make want need know way thing always never even "
    "el la los las un una de en y que es por con para como se del al lo su cual cuando donde "
    "der die das ein eine einen und oder ist sind von zu im am mit auf was wie wo wann warum für "
    "le les des du est et dans une un pour que qui quoi comment pourquoi".split()
)
_SUFFIXES = ("ing", "edly", "ed", "es", "s", "ly")


@lru_cache(maxsize=2048)
def terms(text: str) -> tuple[str, ...]:
    """The words of a text that say what it is about, without their endings."""
    return tuple(_stem(word) for word in fold(text).split() if word not in _EMPTY)


def _stem(word: str) -> str:
    """Plain endings only: what is compared is two texts of one course."""
    if not word.isascii() or len(word) < 4:
        return word
    if word.endswith(("ies", "ied")) and len(word) > 4:
        return word[:-3] + "y"
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(suffix)
            doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiousl"
            return word[:-1] if doubled else word.removesuffix("e")
    return word.removesuffix("e")


def overlap(text: str, other: str) -> float:
    """Share of `text`'s different words that stand in `other`, 0 to 1."""
    words = set(terms(text))
    return len(words & set(terms(other))) / len(words) if words else 0.0


def weigh(question: str, texts: Sequence[str]) -> list[float]:
    """How well each text meets the question's words: the rare ones count most (BM25's idf).

    A word counts once in a text; texts longer than usual count less.
    """
    documents = [Counter(terms(text)) for text in texts]
    wanted = set(terms(question))
    found = Counter(word for document in documents for word in wanted & document.keys())
    sizes = [sum(document.values()) for document in documents]
    usual = (sum(sizes) / len(sizes) if sizes else 0) or 1.0
    return [
        sum(_rarity(found[word], len(texts)) for word in wanted & document.keys())
        / (0.6 + 0.4 * max(size / usual, 1.0))
        for document, size in zip(documents, sizes, strict=True)
    ]


def _rarity(found_in: int, texts: int) -> float:
    return math.log(1 + (texts - found_in + 0.5) / (found_in + 0.5))
