"""What of a passage meets a question best: its sentence, and the question's words in it. Pure.

Words are compared by their first five letters, folded: over alphabetic languages as good as
stemming and without knowing the language (McNamee, Nicholas & Mayfield 2009, "Addressing
morphological variation in alphabetic languages"); scripts without spaces by pairs of characters.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from app.materials.normalisation import fold

LETTERS = 5
LONGEST = 320
"""Characters of a snippet; a longer sentence is cut around the question's words."""

# Marks that sit on letters (accents, Arabic and Indic vowels, Thai tones) belong to the word.
_MARKS = "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0980-\u0dff\u0e31-\u0e4e"
_WORD = re.compile(rf"[^\W_](?:[^\W_]+|[{_MARKS}]+)*(?:\+\+|\#(?!\w))?")
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*\s+|[。！？\n]\s*")

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
    keys: frozenset[str]


@lru_cache(maxsize=65_536)
def keys_of(word: str) -> tuple[str, ...]:
    """What a word is compared by."""
    return tuple(_key(part) for part in fold(word).split())


def _key(word: str) -> str:
    """Its beginning; without the plural's "s", which may be the fifth letter ("cells")."""
    key = word[:LETTERS]
    return key[:-1] if len(key) > len("gas") and key.endswith("s") else key


def keys_in(text: str) -> set[str]:
    """The keys of all words of a text."""
    return {key for word in _WORD.findall(text) for key in keys_of(word)}


def snippet(content: str, question: str | Weights) -> Snippet:
    """The sentence of `content` that holds most of the question, the first of equal ones."""
    weights = dict.fromkeys(keys_in(question), 1.0) if isinstance(question, str) else question
    return shown(content, best_sentence(content, weights), weights)


def best_sentence(content: str, weights: Weights) -> Sentence:
    """The sentence that holds most of the question; the first one if none does."""
    best, most = next(sentences(content), (0, 0)), 0.0
    all_keys: set[str] = set()
    for start, end in sentences(content):
        keys = keys_in(content[start:end])
        all_keys |= keys
        held = sum(weights[key] for key in keys & weights.keys())
        if held > most:
            best, most = (start, end), held
    return Sentence(*best, most / (sum(weights.values()) or 1.0), frozenset(all_keys))


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
        if any(key in weights for key in keys_of(match.group())):
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
