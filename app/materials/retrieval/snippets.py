"""What of a passage meets a question best: its sentence, and the question's words in it. Pure.

Words are compared by their first five letters, folded: over alphabetic languages as good as
stemming and without knowing the language (McNamee, Nicholas & Mayfield 2009, "Addressing
morphological variation in alphabetic languages"); scripts without spaces by pairs of characters.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
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

Weights = Mapping[str, float]
"""How much each key of a question says."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """The best sentence of a passage: where it begins there, and which stretches are marked.

    `share` is the part of the question, by the weight of its words, that the sentence holds.
    """

    text: str = ""
    offset: int = 0
    marks: tuple[tuple[int, int], ...] = ()
    share: float = 0.0

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text in order, in stretches that are marked or not."""
        begin = 0
        for start, end in self.marks:
            yield self.text[begin:start], False
            yield self.text[start:end], True
            begin = end
        yield self.text[begin:], False


class Sentence(NamedTuple):
    """Where a passage's best sentence stands, the share of the question that it holds, and what
    all words of the passage are compared by."""

    start: int
    end: int
    share: float
    keys: set[str]


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


def snippet(content: str, question: str | Weights) -> Snippet:
    """The sentence of `content` that holds most of the question, the first of equal ones."""
    weights = dict.fromkeys(keys_in(question), 1.0) if isinstance(question, str) else question
    return shown(content, best_sentence(content, weights), weights)


def best_sentence(content: str, weights: Weights) -> Sentence:
    """The sentence that holds most of the question; the first one if none does."""
    asked = frozenset(weights)
    best, most = (0, 0), -1.0
    all_keys: set[str] = set()
    for start, end in sentences(content):
        keys = _keys_in(content[start:end])
        all_keys.update(keys)
        held = fsum(map(weights.__getitem__, asked.intersection(keys)))
        if held > most:
            best, most = (start, end), held
    share = max(most, 0.0) / (sum(weights.values()) or 1.0)
    return Sentence(*best, share, all_keys)


def shown(content: str, best: Sentence, weights: Weights) -> Snippet:
    """The sentence as it is shown, with the question's words marked."""
    start, text = _cut(content, best.start, best.end, weights)
    return Snippet(text, start, tuple(_marks(text, weights)), best.share)


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


def _cut(content: str, start: int, end: int, weights: Weights) -> tuple[int, str]:
    """A sentence that is too long begins shortly before its first word of the question."""
    if end - start > LONGEST:
        first = next((m.start() for m in _words_asked(content, start, end, weights)), start)
        if first - start > LONGEST // 2:
            space = content.rfind(" ", start, first - LONGEST // 4)
            start = max(space + 1, start)
        end = min(end, start + LONGEST)
        space = content.rfind(" ", start + LONGEST // 2, end)
        end = space if space > 0 and end - start == LONGEST else end
    return start, content[start:end]


def _words_asked(content: str, start: int, end: int, weights: Weights) -> Iterable[re.Match[str]]:
    for match in _WORD.finditer(content, start, end):
        if not weights.keys().isdisjoint(keys_of(match.group())):
            yield match


def _marks(text: str, weights: Weights) -> Iterator[tuple[int, int]]:
    """The words of the question in `text`; in a run without spaces, the pairs that were asked."""
    for match in _words_asked(text, 0, len(text), weights):
        keys = keys_of(match.group())
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
