"""The evidence card: what the materials themselves say to a question. Pure; no model is needed.

A passage is taken apart into sentences and code, these are weighed by the question's words, and
the best are set under plain headings in page order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.materials.retrieval.plain import plain
from app.materials.retrieval.sentences import Unit, split
from app.materials.retrieval.slips import read_as
from app.materials.search import Passage, SearchResult
from app.tutor.evidence.card import Card, Key, KeyKind, Piece, Place
from app.tutor.evidence.kinds import LONGEST_KEY, fitness, kind_of, leads_to_code
from app.tutor.evidence.wording import terms, weigh
from models import Coverage

MOST_KEYS = 3
MOST_FURTHER = 3
LOOKED_AT = 6
"""Passages that key sentences are taken from."""
LEADING = 3
"""Passages that the marked sentence is taken from."""
RANK_FADE = 0.12
"""How much less a sentence weighs for each place that its passage stands further back."""
LEAST_SHARE = 0.5
"""Of the best sentence's weight, so much another one must have to be shown."""
LEAST_FURTHER = 0.3
SHORT_SENTENCE = 70
EXCERPT = 420


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
    card = _build(read_as(question, result.slips), result, source_count)
    return replace(card, slips=result.slips)


def _build(question: str, result: SearchResult, source_count: int) -> Card:
    passages = result.passages
    nearest = tuple(_nearest(passages))
    if result.coverage is Coverage.NOT_COVERED or not passages:
        return Card(Coverage.NOT_COVERED, nearest=nearest)
    candidates = _candidates("" if result.is_abroad else question, passages[:LOOKED_AT])
    lead = _lead(candidates)
    is_sure = result.coverage is Coverage.ANSWERED
    if lead is None or (lead.weight == 0 and not is_sure):
        return Card(
            result.coverage, nearest=nearest, sources=_sources(lead, passages, source_count)
        )
    chosen = _chosen(question, lead, candidates)
    further = _further(question, lead, candidates, list(chosen.values()))
    return Card(
        result.coverage,
        lead=lead.place,
        marked=lead.unit.text,
        excerpt=tuple(_excerpt(lead)),
        keys=tuple(_in_page_order(lead, chosen)),
        further=tuple(further),
        sources=_sources(lead, passages, source_count),
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
        pairs = pairwise([*_units(passage), None])
        found += [(unit, following, passage, rank) for unit, following in pairs if unit]
    weights = weigh(question, [_context(*facts[:3]) for facts in found])
    return [
        _Candidate(*facts, weight * (1 - RANK_FADE * facts[3]) * fitness(question, *facts[:3]))
        for facts, weight in zip(found, weights, strict=True)
        if facts[0].kind != "title"
    ]


def _units(passage: Passage) -> list[Unit]:
    return split(passage.content, is_wrapped=passage.is_wrapped)


def _context(unit: Unit, following: Unit | None, passage: Passage) -> str:
    """What a unit is about. Code says little: its heading tells more; so does code for what
    leads to it.
    """
    if unit.kind == "code":
        return f"{unit.text} {passage.heading or ''}"
    if unit.text.endswith(":") and following is not None and following.kind == "code":
        return f"{unit.text} {following.text}"
    return unit.text


def _lead(candidates: Sequence[_Candidate]) -> _Candidate | None:
    """What is marked on the page: a sentence of one of the first passages.

    Where words tell nothing (the question is in another language), the first passage's beginning.
    """
    first = [c for c in candidates if c.rank < LEADING and c.unit.kind == "sentence"]
    for group in (first, candidates):
        best = max(group, key=lambda c: c.weight, default=None)
        if best is not None and best.weight > 0:
            return best
    good = [c for c in first if fitness("", c.unit, c.following, c.passage) >= 1]
    return next(iter(good or first or candidates), None)


def _chosen(
    question: str, lead: _Candidate, candidates: Sequence[_Candidate]
) -> dict[KeyKind, _Candidate]:
    """The lead and the best of other kinds."""
    chosen = {kind_of(question, lead.unit): lead}
    for candidate in _best_first(candidates):
        kind = kind_of(question, candidate.unit)
        if len(chosen) == MOST_KEYS or candidate.weight <= LEAST_SHARE * lead.weight:
            break
        if kind not in chosen and not _repeats(candidate, chosen.values()):
            chosen[kind] = candidate
    return chosen


def _further(
    question: str,
    lead: _Candidate,
    candidates: Sequence[_Candidate],
    shown: list[_Candidate],
) -> list[Key]:
    """Examples and code beyond the key sentences, the best first."""
    keys: list[Key] = []
    for candidate in _best_first(candidates):
        kind = kind_of(question, candidate.unit)
        if len(keys) == MOST_FURTHER or candidate.weight <= LEAST_FURTHER * lead.weight:
            break
        if kind in {KeyKind.EXAMPLE, KeyKind.CODE} and not _repeats(candidate, shown):
            keys.append(_key(kind, candidate))
            shown = [*shown, candidate]
    return keys


def _best_first(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    return sorted(candidates, key=lambda c: c.weight, reverse=True)


def _in_page_order(lead: _Candidate, chosen: dict[KeyKind, _Candidate]) -> list[Key]:
    ordered = sorted(chosen.items(), key=lambda item: _page_order(lead, item[1]))
    return [_key(kind, candidate) for kind, candidate in ordered]


def _repeats(candidate: _Candidate, chosen: Iterable[_Candidate]) -> bool:
    """Whether a unit says what another one says, or is the code that another one shows."""
    words = set(terms(candidate.unit.text))
    return any(
        candidate.unit == other.following
        or len(words & set(terms(other.unit.text))) > 0.8 * len(words)
        for other in chosen
    )


def _page_order(lead: _Candidate, candidate: _Candidate) -> tuple[bool, str, int, int]:
    place = candidate.place
    is_other = place.material_id != lead.place.material_id
    return is_other, place.material_id, candidate.passage.chunk_index, candidate.unit.offset


def _key(kind: KeyKind, candidate: _Candidate) -> Key:
    """The unit as it reads; a short sentence takes the next one along."""
    unit, following = candidate.unit, candidate.following
    text = _as_it_reads(unit, candidate.passage)
    if following is not None and leads_to_code(unit, following, candidate.passage):
        return Key(kind, text, candidate.place, unit.text, following.text)
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
        text = f"{text} {_as_it_reads(following, candidate.passage)}"
    return Key(kind, text, candidate.place, quote=unit.text)


def _as_it_reads(unit: Unit, passage: Passage) -> str:
    return unit.text if unit.kind == "code" else plain(unit.text, is_markdown=passage.is_markdown)


def _excerpt(lead: _Candidate) -> list[Piece]:
    """The text around the marked sentence, for a source that has no pictures of its pages."""
    page = lead.place.page
    passage = lead.passage
    units = [u for u in _units(passage) if passage.page_at(u.offset) == page]
    at = next((i for i, unit in enumerate(units) if unit.offset == lead.unit.offset), 0)
    begin = at
    while begin > 0 and lead.unit.offset - units[begin - 1].offset <= EXCERPT // 2:
        begin -= 1
    pieces: list[Piece] = []
    for unit in units[begin:]:
        is_marked = unit.offset == lead.unit.offset
        text = _as_it_reads(unit, passage)
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


def _sources(lead: _Candidate | None, passages: Sequence[Passage], count: int) -> tuple[str, ...]:
    """Chunks for the written answer: the marked one first, then the others as they were found."""
    first = [lead.passage] if lead is not None else []
    ids = dict.fromkeys(str(passage.chunk_id) for passage in [*first, *passages])
    return tuple(ids)[:count]
