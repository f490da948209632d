"""The numbered sources of a written answer: read from the course, cut to what a model can take."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.llm.profiles import ChatProfile
from app.llm.prompts import explain
from app.llm.prompts.explain import Exchange, NumberedSource
from app.materials.indexing.tokens import estimate_tokens
from app.materials.retrieval.sentences import split
from app.materials.visibility import visible
from app.tutor.answers.citations import Source
from app.tutor.evidence.card import Place
from app.tutor.evidence.wording import weigh
from models import CourseMaterial, MaterialChunk

FIRST_SHARE = 0.45
"""The first source, which the card marks, may take this share of the room."""
LEAST_ROOM = 60
"""Tokens that even a long question leaves for the sources."""
NOTE_SHARE = 10
"""A teacher's note may take this part of the prompt: one tenth."""
LONGEST_OLD_ANSWER = 90


def load_sources(
    session: Session, course_id: UUID, chunk_ids: Sequence[str], *, see_hidden: bool
) -> list[Source]:
    """The chunks that still exist in the course and may be seen, numbered by their place in the
    list; a number whose chunk is gone stays empty.
    """
    rows = session.execute(
        select(MaterialChunk, CourseMaterial)
        .join(CourseMaterial, CourseMaterial.material_id == MaterialChunk.material_id)
        .where(
            MaterialChunk.chunk_id.in_([UUID(chunk_id) for chunk_id in chunk_ids]),
            CourseMaterial.course_id == course_id,
            visible(see_hidden),
        )
    ).all()
    found = {str(chunk.chunk_id): (chunk, material) for chunk, material in rows}
    return [
        _source(number, *found[chunk_id])
        for number, chunk_id in enumerate(chunk_ids, start=1)
        if chunk_id in found
    ]


def _source(number: int, chunk: MaterialChunk, material: CourseMaterial) -> Source:
    first = chunk.start_page or 1
    places = tuple(
        (
            start,
            Place(
                material_id=str(material.material_id),
                chunk_id=str(chunk.chunk_id),
                title=material.title,
                file_type=material.file_type.value,
                page=first + index,
                heading=chunk.heading,
            ),
        )
        for index, start in enumerate(chunk.page_starts)
    )
    return Source(number, str(chunk.chunk_id), chunk.content, places)


def numbered(
    profile: ChatProfile,
    question: str,
    sources: Sequence[Source],
    history: Sequence[Exchange],
    note: str = "",
) -> list[NumberedSource]:
    """The sources as the prompt gets them, condensed to what the rest leaves of the budget."""
    empty = [NumberedSource(s.number, s.places[0][1].full, "") for s in sources]
    bare = explain.messages(profile, question, empty, history, note)
    fixed = sum(estimate_tokens(message["content"]) + 4 for message in bare)
    room = max(profile.prompt_tokens - fixed, LEAST_ROOM)
    parts = []
    for index, source in enumerate(sources):
        waiting = len(sources) - index
        share = FIRST_SHARE if index == 0 and waiting > 1 else 1 / waiting
        text = condense(source.content, question, int(room * share))
        room -= estimate_tokens(text)
        parts.append(replace(empty[index], text=text))
    return parts


def condense(content: str, question: str, tokens: int) -> str:
    """The passage, or as many of its sentences as fit, in order: what meets the question first."""
    if estimate_tokens(content) <= tokens:
        return content
    units = split(content)
    weights = weigh(question, [unit.text for unit in units])
    best_first = sorted(range(len(units)), key=lambda i: (-weights[i], i))
    chosen: set[int] = set()
    for index in best_first:
        cost = estimate_tokens(units[index].text)
        if cost <= tokens:
            chosen.add(index)
            tokens -= cost
    kept = [units[index].text for index in sorted(chosen)]
    return "\n".join(kept) or units[0].text[: tokens * 3]


def shortened(exchange: Exchange) -> Exchange:
    """An earlier exchange as the prompt repeats it: the beginning of its answer is enough."""
    return Exchange(exchange.question[:300], _first(exchange.answer, LONGEST_OLD_ANSWER)[:600])


def shortened_note(profile: ChatProfile, note: str) -> str:
    """The beginning of a teacher's note: sources need the room more."""
    tokens = profile.prompt_tokens // NOTE_SHARE
    return _first(note, tokens)[: 4 * tokens] if note else ""


def _first(text: str, tokens: int) -> str:
    """The first sentences that fit; one at least."""
    kept: list[str] = []
    for unit in split(text):
        tokens -= estimate_tokens(unit.text)
        if tokens < 0 and kept:
            break
        kept.append(unit.text)
    return " ".join(kept)
