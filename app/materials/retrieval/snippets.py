"""How much of a question a passage's sentences hold, and where its words stand in a text. Pure.

Words are compared by their first five letters, folded: over alphabetic languages as good as
stemming and without knowing the language (McNamee, Nicholas & Mayfield 2009, "Addressing
morphological variation in alphabetic languages"); scripts without spaces by pairs of characters.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from math import fsum
from typing import NamedTuple

from app.materials.retrieval.normalisation import RUN_WITHOUT_SPACES, fold

LETTERS = 5
KNOWN_WORDS = 32_768
LONGEST = 320
"""Characters of a snippet; a longer sentence is cut around the question's words."""

# Marks that sit on letters (accents, Arabic and Indic vowels, Thai tones) belong to the word.
_MARKS = "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0980-\u0dff\u0e31-\u0e4e"
_WORD = re.compile(rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*(?:\+\+|\#(?!\w))?")
# One set of characters first: the search for it is quick.
_SENTENCE_END = re.compile(r"[.!?。！？\n](?:(?<=[。！？\n])|[\"'”’)\]]*\s)\s*")
_FORMULA = re.compile(r"\$\$?(?!\s)[^$]{1,300}(?<!\s)\$\$?(?!\d)|\\\(.*?\\\)|\\\[.*?\\\]")

Weights = Mapping[str, float]
"""How much each key of a question says."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """The best sentence of a passage, as it reads: where it begins there, and which stretches are
    marked.

    `share` is the part of the question, by the weight of its words, that the best line holds.
    """

    text: str = ""
    offset: int = 0
    marks: tuple[tuple[int, int], ...] = ()
    share: float = 0.0
    is_code: bool = False

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text in order, in stretches that are marked or not."""
        begin = 0
        for start, end in self.marks:
            yield self.text[begin:start], False
            yield self.text[start:end], True
            begin = end
        yield self.text[begin:], False


class Line(NamedTuple):
    """Where a sentence or line of a passage stands, and how much of the question it holds."""

    start: int
    end: int
    held: float


class Looked(NamedTuple):
    """The lines of a passage, the share of the question that the best one holds, and what all
    words of the passage are compared by."""

    share: float
    keys: set[str]
    lines: list[Line]


def keys_of(word: str) -> tuple[str, ...]:
    """What a word is compared by."""
    return _KEYS[word]


class _Keys(dict[str, tuple[str, ...]]):
    """The keys of words that were met: passages repeat them. Begins anew when it is full."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= KNOWN_WORDS:
            self.clear()
        self[word] = keys = tuple(_key(part) for part in fold(word).split())
        return keys


_KEYS = _Keys()


def _key(word: str) -> str:
    """Its beginning; without the plural's "s", which may be the fifth letter ("cells")."""
    key = word[:LETTERS]
    return key[:-1] if len(key) > len("gas") and key.endswith("s") else key


def keys_in(text: str) -> set[str]:
    """The keys of all words of a text."""
    return set(_keys_in(text))


def _keys_in(text: str) -> list[str]:
    if not text.isascii() and RUN_WITHOUT_SPACES.search(text):
        # What stands between two spaces there stands nowhere else: nothing to remember.
        return [_key(part) for part in fold(text).split()]
    return list(chain.from_iterable(map(_KEYS.__getitem__, text.split())))


def look(content: str, weights: Weights) -> Looked:
    """How much of the question the sentences and lines of `content` hold."""
    asked = frozenset(weights)
    lines: list[Line] = []
    all_keys: set[str] = set()
    for start, end in sentences(content):
        keys = _keys_in(content[start:end])
        all_keys.update(keys)
        held = fsum(map(weights.__getitem__, asked.intersection(keys)))
        lines.append(Line(start, end, held))
    most = max((line.held for line in lines), default=0.0)
    return Looked(most / (sum(weights.values()) or 1.0), all_keys, lines)


def sentences(content: str) -> Iterator[tuple[int, int]]:
    """Where each sentence or line begins and ends."""
    begin = len(content) - len(content.lstrip())
    for match in _SENTENCE_END.finditer(content):
        end = match.end()
        if sentence := content[begin:end].rstrip():
            yield begin, begin + len(sentence)
        begin = end
    if rest := content[begin:].rstrip():
        yield begin, begin + len(rest)


def mark(text: str, weights: Weights) -> tuple[tuple[int, int], ...]:
    """Where the words of the question stand in `text`; in a run without spaces, the pairs that
    were asked. A formula is set as a whole: nothing in it is marked."""
    return tuple(_marks(text, weights))


def first_mark(text: str, weights: Weights) -> int:
    """Where the first of these begins; 0 where there is none."""
    return next(_marks(text, weights), (0, 0))[0]


def _marks(text: str, weights: Weights) -> Iterator[tuple[int, int]]:
    formulas = [match.span() for match in _FORMULA.finditer(text)]
    for match in _WORD.finditer(text):
        keys = keys_of(match.group())
        if weights.keys().isdisjoint(keys):
            continue
        if any(start < match.start() < end for start, end in formulas):
            continue
        if len(keys) != len(match.group()) - 1:  # no run of pairs
            yield match.span()
        else:
            yield from _pairs_in(match, [key in weights for key in keys])


def _pairs_in(run: re.Match[str], asked: list[bool]) -> Iterator[tuple[int, int]]:
    """Pairs overlap: of "abc" the pairs are "ab" and "bc"; neighbours become one stretch."""
    begin = None
    for place, is_asked in enumerate([*asked, False]):
        if is_asked and begin is None:
            begin = place
        elif not is_asked and begin is not None:
            yield run.start() + begin, min(run.start() + place + 1, run.end())
            begin = None
