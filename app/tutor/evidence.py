"""The evidence card: what the materials themselves say to a question. Pure; no model is needed.

A passage is taken apart into sentences and code, these are weighed by the question's words, and
the best are set under plain headings in page order.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.materials.search import Passage, SearchResult
from app.tutor.card import Card, Key, KeyKind, Piece, Place
from app.tutor.sentences import Unit, plain, split
from app.tutor.wording import terms, weigh
from models import Coverage

MOST_KEYS = 3
MOST_FURTHER = 3
LOOKED_AT = 6
"""Passages that key sentences are taken from."""
LEADING = 3
"""Passages that the marked sentence is taken from."""
RANK_FADE = 0.12
"""How much less a sentence weighs for each place that its passage stands further back."""
LEAST_SHARE = 0.35
"""Of the best sentence's weight, so much another one must have to be shown."""
LONGEST_KEY = 340
SHORT_SENTENCE = 70
EXCERPT = 420

_EXAMPLE = re.compile(
    r"\b(for example|for instance|e\.g\.|such as|suppose|imagine|consider (?:the|a|this)|"
    r"the following|por ejemplo|zum beispiel|z\.\s?b\.|par exemple)|\bexample\b",
    re.I,
)
_DEFINES = re.compile(
    r"\b(?:is|are) (?:an?|the|called|known as|defined|any|one of)\b|\bmeans\b|\brefers? to\b|"
    r"\bdenotes?\b|\bwe (?:call|define)\b|\bstands for\b|"
    r"\bes (?:un|una|el|la)\b|\bsignifica\b|\bse llama|\bist (?:ein|eine|der|die|das)\b|"
    r"\bheißt\b|\bbedeutet\b|\bnennt man\b|\best (?:un|une|le|la)\b",
    re.I,
)
_POINTS_BACK = re.compile(
    r"^(?:this|that|these|those|it|they|there|here|he|she|the (?:first|second|third|last|next|"
    r"following|result|output)|in (?:this|the))\b",
    re.I,
)
_ASKS_WHAT = re.compile(
    r"\b(?:what (?:is|are|does|do)|what's|define|definition|meaning|qué (?:es|son|significa)|"
    r"was (?:ist|sind|bedeutet)|qu'est-ce)\b",
    re.I,
)
_LISTING = re.compile(r"(?:, \d+\b.*){3}|(?:https?://\S+\s*){2}|(?:\. ?){4}")
LONGEST_CODE = 8
_LATEST_DEFINITION = 60
"""A definition names its term at once: characters before its verb."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A unit of a passage with its weight. `rank` 0 is the best passage."""

    unit: Unit
    following: Unit | None
    passage: Passage
    rank: int
    weight: float

    @property
    def place(self) -> Place:
        return place_of(self.passage, self.unit.offset)


def build_card(question: str, result: SearchResult, *, source_count: int = 4) -> Card:
    """The card for a question. `source_count` passages become the numbered sources."""
    passages = result.passages
    if result.coverage is Coverage.NOT_COVERED or not passages:
        return Card(Coverage.NOT_COVERED, nearest=tuple(_nearest(passages)))
    candidates = _candidates(question, passages[:LOOKED_AT])
    lead = _lead(candidates)
    if lead is None:
        return Card(result.coverage, nearest=tuple(_nearest(passages)))
    keys = _keys(question, lead, candidates)
    shown = {key.text for key in keys}
    further = [key for key in _further(question, candidates) if key.text not in shown]
    return Card(
        result.coverage,
        lead=lead.place,
        marked=lead.unit.text,
        excerpt=tuple(_excerpt(lead)),
        keys=tuple(keys),
        further=tuple(further[:MOST_FURTHER]),
        sources=tuple(_sources(lead, passages, source_count)),
    )


def place_of(passage: Passage, offset: int = 0) -> Place:
    """Where the text at `offset` of a passage stands."""
    return Place(
        material_id=str(passage.material_id),
        chunk_id=str(passage.chunk_id),
        title=passage.material_title,
        file_type=passage.file_type.value,
        page=passage.page_at(offset),
        heading=passage.heading,
    )


def _candidates(question: str, passages: Sequence[Passage]) -> list[_Candidate]:
    found = []
    for rank, passage in enumerate(passages):
        units = split(passage.content)
        pairs = [*pairwise([*units, None])] if units else []
        found += [(unit, following, passage, rank) for unit, following in pairs if unit]
    weights = weigh(question, [_context(unit, passage) for unit, _, passage, _ in found])
    return [
        _Candidate(*facts, weight * (1 - RANK_FADE * facts[3]) * _fitness(question, *facts[:2]))
        for facts, weight in zip(found, weights, strict=True)
        if facts[0].kind != "title"
    ]


def _context(unit: Unit, passage: Passage) -> str:
    """Code says little by itself: the heading above it says what it is an example of."""
    return f"{unit.text} {passage.heading or ''}" if unit.kind == "code" else unit.text


def _fitness(question: str, unit: Unit, following: Unit | None) -> float:
    """How fit a unit is to be shown alone; over 1 for a definition that was asked for."""
    if unit.kind == "code":
        return _fitness_of_code(unit.text)
    if unit.text.endswith("?") or _LISTING.search(unit.text):
        return 0.1  # a question of the book is no answer, nor is a line of its index
    if unit.text.endswith(":"):
        return 0.9 if _leads_to_code(unit, following) else 0.5
    if len(terms(unit.text)) < 3 or len(unit.text) > LONGEST_KEY:
        return 0.4
    if _ASKS_WHAT.search(question) and _kind(question, unit) is KeyKind.DEFINITION:
        return 1.5
    return 0.85 if _POINTS_BACK.match(unit.text) else 1.0


def _fitness_of_code(code: str) -> float:
    if not _keeps_indentation(code):
        return 0.0
    return 0.6 if code.count("\n") else 0.25


def _leads_to_code(unit: Unit, following: Unit | None) -> bool:
    if following is None or following.kind != "code" or not unit.text.endswith(":"):
        return False
    return following.text.count("\n") < LONGEST_CODE and _keeps_indentation(following.text)


def _keeps_indentation(code: str) -> bool:
    """False for code whose indentation got lost on the way out of a PDF: it would teach wrongly."""
    lines = [line for line in code.split("\n") if line.strip()]
    return not any(
        line.rstrip().endswith(":") and _indent(following) <= _indent(line)
        for line, following in pairwise([*lines, ""])
    )


def _indent(line: str) -> int:
    line = re.sub(r"^(?:>>>|\.\.\.) ?", "", line)
    return len(line) - len(line.lstrip())


def _lead(candidates: Sequence[_Candidate]) -> _Candidate | None:
    """What is marked on the page: a sentence of one of the first passages.

    Where words tell nothing (the question is in another language), the first passage's beginning.
    """
    sentences = [c for c in candidates if c.unit.kind == "sentence" and c.rank < LEADING]
    best = max(sentences, key=lambda c: c.weight, default=None)
    if best is not None and best.weight > 0:
        return best
    first = [c for c in sentences if c.rank == 0]
    good = [c for c in first if _fitness("", c.unit, c.following) >= 1]
    return next(iter(good or first or candidates), None)


def _keys(question: str, lead: _Candidate, candidates: Sequence[_Candidate]) -> list[Key]:
    """The lead and the best of other kinds, in page order."""
    bar = LEAST_SHARE * lead.weight
    best_first = sorted(candidates, key=lambda c: c.weight, reverse=True)
    chosen = {_kind(question, lead.unit): lead}
    for candidate in best_first:
        kind = _kind(question, candidate.unit)
        if len(chosen) == MOST_KEYS or candidate.weight <= bar or candidate.weight == 0:
            break
        if kind not in chosen and not _repeats(candidate, chosen.values()):
            chosen[kind] = candidate
    in_order = sorted(chosen.items(), key=lambda item: _page_order(lead, item[1]))
    return [_key(kind, candidate) for kind, candidate in in_order]


def _further(question: str, candidates: Sequence[_Candidate]) -> list[Key]:
    """Examples and code beyond the key sentences, the best first."""
    best_first = sorted(candidates, key=lambda c: c.weight, reverse=True)
    keys = [_key(_kind(question, c.unit), c) for c in best_first if c.weight > 0]
    return [key for key in keys if key.kind in {KeyKind.EXAMPLE, KeyKind.CODE}]


def _repeats(candidate: _Candidate, chosen: Iterable[_Candidate]) -> bool:
    words = set(terms(candidate.unit.text))
    return any(len(words & set(terms(other.unit.text))) > 0.8 * len(words) for other in chosen)


def _page_order(lead: _Candidate, candidate: _Candidate) -> tuple[bool, str, int, int]:
    place = candidate.place
    is_other = place.material_id != lead.place.material_id
    return is_other, place.material_id, candidate.passage.chunk_index, candidate.unit.offset


def _kind(question: str, unit: Unit) -> KeyKind:
    if unit.kind == "code":
        return KeyKind.CODE
    if _EXAMPLE.search(unit.text):
        return KeyKind.EXAMPLE
    verb = _DEFINES.search(unit.text)
    if verb and verb.start() <= _LATEST_DEFINITION and not _POINTS_BACK.match(unit.text):
        subject = unit.text[: verb.end()] if verb.start() < 3 else unit.text[: verb.start()]
        if set(terms(subject)) & set(terms(question)):
            return KeyKind.DEFINITION
    return KeyKind.PASSAGE


def _key(kind: KeyKind, candidate: _Candidate) -> Key:
    """The unit as it reads; a short sentence takes the next one along."""
    unit, following = candidate.unit, candidate.following
    if _leads_to_code(unit, following) and following is not None:
        return Key(kind, plain(unit.text), candidate.place, unit.text, following.text)
    text = unit.text if unit.kind == "code" else plain(unit.text)
    takes_next = (
        unit.kind == "sentence"
        and len(unit.text) < SHORT_SENTENCE
        and following is not None
        and following.kind == "sentence"
        and following.offset - unit.offset - len(unit.text) <= 2
        and len(unit.text) + len(following.text) <= LONGEST_KEY
        and not following.text.endswith(("?", ":"))
    )
    if takes_next and following is not None:
        text = f"{text} {plain(following.text)}"
    return Key(kind, text, candidate.place, quote=unit.text)


def _excerpt(lead: _Candidate) -> list[Piece]:
    """The text around the marked sentence, for a source that has no pictures of its pages."""
    page = lead.place.page
    passage = lead.passage
    units = [u for u in split(passage.content) if passage.page_at(u.offset) == page]
    at = next((i for i, unit in enumerate(units) if unit.offset == lead.unit.offset), 0)
    pieces: list[Piece] = []
    for unit in units[max(at - 1, 0) :]:
        is_marked = unit.offset == lead.unit.offset
        text = unit.text if unit.kind == "code" else plain(unit.text)
        if pieces and not is_marked and sum(len(p.text) for p in pieces) + len(text) > EXCERPT:
            break
        pieces.append(Piece(unit.kind, text, is_marked))
    return pieces


def _nearest(passages: Sequence[Passage]) -> list[Place]:
    """The first passages' places, each page once."""
    places: dict[tuple[str, int], Place] = {}
    for passage in passages[:LOOKED_AT]:
        place = place_of(passage)
        places.setdefault((place.material_id, place.page), place)
    return list(places.values())[:MOST_KEYS]


def _sources(lead: _Candidate, passages: Sequence[Passage], count: int) -> list[str]:
    """Chunks for the written answer: the marked one first, then the others as they were found."""
    ids = [str(lead.passage.chunk_id), *(str(passage.chunk_id) for passage in passages)]
    return list(dict.fromkeys(ids))[:count]
