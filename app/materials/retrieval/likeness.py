"""Reads a word that the course does not have as the most similar one that it has.

For slips of the pen, and for questions in a related language: a German "kompensiert" is much like
the English "compensate" (cognates; Buckley et al. 1997, "Using clustering and SuperConcepts within
SMART", took English for misspelt French). Likeness is that of the words' trigrams (Angell et al.
1983). To be found by the index, the first three letters have to be the same, but for one that
should be doubled or should not.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

LEAST = 0.4
"""Common trigrams among all of two words: .3 to .5 find the same passages (`bench/README.md`)."""
OF_A_SLIP = 0.5
"""Likeness at least of two words that are one stroke apart."""
SHORTEST = 5
MOST = 8
"""Words of a question that are looked up."""
BEGINNING = 3
_DOUBLED = re.compile(r"^(..?)(?<=(.))\2")


class Alike(NamedTuple):
    """A term of the course, in how many chunks it stands, and how like the asked one it is."""

    term: str
    found_in: int
    likeness: float


# Material by material, by the index (`offset 0` keeps it so).
_BEGIN_ALIKE = text(
    """
    select config, term, sum(cardinality(chunk_indexes))
    from unnest(cast(:materials as uuid[]), cast(:configs as text[]))
        as scope (material_id, config)
    join unnest(cast(:asked_configs as text[]), cast(:firsts as text[]), cast(:pasts as text[]))
        as asked (config, first, past) using (config)
    cross join lateral (
        select term, chunk_indexes from chunk_postings
        where material_id = scope.material_id and term >= first and term < past
        offset 0
    ) as its
    group by config, term
    """
)


def most_alike(
    session: Session,
    materials: Sequence[uuid.UUID],
    configs: Sequence[str],
    unknown: Iterable[tuple[str, str]],
) -> dict[tuple[str, str], Alike]:
    """For each (configuration, term) that has one, the term of the materials most like it."""
    asked = [(config, term) for config, term in unknown if _is_comparable(term)][:MOST]
    if not asked:
        return {}
    ranges = sorted({(config, first) for config, term in asked for first in beginnings(term)})
    rows = session.execute(
        _BEGIN_ALIKE,
        {
            "materials": materials,
            "configs": configs,
            "asked_configs": [config for config, _ in ranges],
            "firsts": [first for _, first in ranges],
            "pasts": [past(first) for _, first in ranges],
        },
    ).all()
    known = defaultdict(list)
    for config, term, found_in in rows:
        known[config].append((term, found_in))
    found = {(config, term): best(term, known[config]) for config, term in asked}
    return {key: alike for key, alike in found.items() if alike}


def best(asked: str, known: Iterable[tuple[str, int]]) -> Alike | None:
    """The term most like the asked one; of equal ones the commonest."""
    firsts = tuple(map(_spelt, beginnings(asked)))
    alike = [
        Alike(term, found_in, likeness(asked, term))
        for term, found_in in known
        if _spelt(term).startswith(firsts)
    ]
    first = max(alike, key=lambda one: (one.likeness, one.found_in, one.term), default=None)
    return first if first and first.likeness >= LEAST else None


def is_slip(asked: str, word: str) -> bool:
    """Whether one stroke makes the one of the other: a letter too many, too few or another, or two
    exchanged, as four fifths of all slips are (Damerau 1964, "A technique for computer detection
    and correction of spelling errors"). The end of a word is left alone: there words have their
    forms, and "planet" is no slip for "plane"."""
    begin = _in_common(asked, word)
    asked, word = asked[begin:], word[begin:]
    end = _in_common(asked[::-1], word[::-1])
    asked, word = asked[: len(asked) - end], word[: len(word) - end]
    are_exchanged = len(asked) == 2 and asked == word[::-1]
    return are_exchanged or (end > 0 and max(len(asked), len(word)) == 1)


def _in_common(a: str, b: str) -> int:
    """How many letters both begin with."""
    unlike = (place for place, pair in enumerate(zip(a, b, strict=False)) if len(set(pair)) > 1)
    return next(unlike, min(len(a), len(b)))


def likeness(a: str, b: str) -> float:
    """The part of the two words' trigrams that is common to both (Jaccard). Of a short word one
    stroke spoils most of them."""
    ours, theirs = _trigrams(a), _trigrams(b)
    common = len(ours & theirs) / len(ours | theirs)
    return max(common, OF_A_SLIP) if is_slip(a, b) else common


def beginnings(term: str) -> set[str]:
    """The first letters, as other languages may write them, and as one more of them or one less is
    doubled ("asignment", "allready")."""
    doubled, undoubled = term[:2] + term[1:2], _DOUBLED.sub(r"\1", term)[:BEGINNING]
    firsts = {term[:BEGINNING], doubled, undoubled}
    spelt = {first.replace(*pair) for first in firsts for pair in (("k", "c"), ("c", "k"))}
    return (firsts | spelt) - {"zzz"}


def past(first: str) -> str:
    """The least string after all that begin so, in any collation: "z" has no next letter."""
    kept = first.rstrip("z")
    return kept[:-1] + chr(ord(kept[-1]) + 1)


def _trigrams(word: str) -> set[str]:
    padded = f"  {_spelt(word)} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}


def _spelt(word: str) -> str:
    return word.replace("k", "c")


def _is_comparable(term: str) -> bool:
    """Letters of the Latin alphabet alone: numbers that look alike are not alike."""
    return len(term) >= SHORTEST and term.isascii() and term.isalpha()
