"""Slips of the pen: a word that the materials lack, one stroke from one that they have. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from app.materials.retrieval.likeness import is_slip
from app.materials.retrieval.normalisation import fold
from app.materials.retrieval.words import Term

_WORD = re.compile(r"[^\W\d_]+")


class Slip(NamedTuple):
    """A word of the question, and the word of the materials that was looked for instead."""

    asked: str
    read: str


def slips_in(
    question: str, terms: Sequence[Term], texts: Sequence[str], configs: Collection[str]
) -> tuple[Slip, ...]:
    """The slips of `question` among its terms that these texts tell; `configs` are those of the
    question's own language, since a word of another one may well be spelt almost alike."""
    unknown = {one.word: one.term for one in terms if one.is_alike and one.config in configs}
    if not unknown:
        return ()
    asked = {word: original for word, original in _words(question) if word in unknown}
    slips = []
    for word, original in asked.items():
        read = next((one for text in texts for one in _meant(word, unknown[word], text)), None)
        if read:
            slips.append(Slip(original, read if original[0].isupper() else read.lower()))
    return tuple(slips)


def read_as(question: str, slips: Sequence[Slip]) -> str:
    """The question with the words that were looked for."""
    for asked, read in slips:
        question = re.sub(rf"\b{re.escape(asked)}\b", read, question)
    return question


def _meant(word: str, term: str, text: str) -> Iterator[str]:
    """The words of the text of which `word` is a slip and which begin as `term`, its end apart."""
    folded = set(fold(text).split())
    if not any(_may_be(word, term, one) for one in folded):
        return
    for one, original in _words(text):
        if _may_be(word, term, one):
            yield original


def _may_be(word: str, term: str, one: str) -> bool:
    return one.startswith(term[:-1]) and is_slip(word, one)


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Each word, folded, and as it stands."""
    for match in _WORD.finditer(text):
        yield fold(match.group()), match.group()
