"""Slips of the pen: a word that the materials lack, one stroke from one that they have. Pure."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.materials.retrieval.likeness import is_slip
from app.materials.retrieval.normalisation import fold
from app.materials.retrieval.passages import Passage
from app.materials.retrieval.words import Term

_WORD = re.compile(r"[^\W\d_]+")


class Slip(NamedTuple):
    """A word of the question, the word that was looked for instead, and a material that has it."""

    asked: str
    read: str
    material_id: str


def slips_in(
    question: str, terms: Sequence[Term], passages: Sequence[Passage], configs: Collection[str]
) -> tuple[Slip, ...]:
    """What may be slips of `question`: words that none of the materials has, told by its terms, and
    that are one stroke from a word of the passages. `configs` are those of the question's own
    language, since a word of another one may well be spelt almost alike."""
    unknown = {one.word: one.term for one in terms if one.is_alike and one.config in configs}
    for one in terms:
        if one.found_in and not one.is_alike:
            unknown.pop(one.word, None)  # known in another of the course's languages
    asked = {fold(word): word for word in _WORD.findall(question)} if unknown else {}
    found = [_slip(asked[word], term, passages) for word, term in unknown.items() if word in asked]
    return tuple(slip for slip in found if slip)


def read_as(question: str, slips: Sequence[Slip]) -> str:
    """The question with the words that were looked for."""
    right = {fold(slip.asked): slip.read for slip in slips}
    return _WORD.sub(lambda match: right.get(fold(match.group()), match.group()), question)


def _slip(asked: str, term: str, passages: Sequence[Passage]) -> Slip | None:
    """By the first passage that has a word of which `asked` is a slip, and which begins as `term`
    does, its end apart."""
    folded, beginning = fold(asked), term[:-1]
    for passage in passages:
        for one in fold(passage.content).split():
            if one.startswith(beginning) and is_slip(folded, one):
                written = (word for word in _WORD.findall(passage.content) if fold(word) == one)
                word = next(written, one)
                read = word if asked[0].isupper() else word.lower()
                return Slip(asked, read, str(passage.material_id))
    return None
