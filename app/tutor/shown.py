"""A turn as a page shows it: the question's heading, the card, the answer's blocks and state."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.llm.profiles import is_tiny, profile_of
from app.materials.kept import without
from app.materials.visibility import visible
from app.materials.whereabouts import where_now
from app.tutor.answers.citations import Citation, Source
from app.tutor.answers.rendering import Block, render
from app.tutor.answers.sources import load_sources
from app.tutor.asking import Asker
from app.tutor.evidence.card import Card, Place
from app.tutor.turns import Turn
from models import CourseMaterial, IndexingStatus, MaterialChunk, MessageCitation, TurnState

LONGEST_HEADING = 180
MOST_TITLES = 3
MOST_TOPICS = 3
LONGEST_TOPIC = 60
GONE = Place(str(UUID(int=0)), "", "A file", "other", 1, "not shown any more")
"""Stands for what was cited; its address says the same in a sentence."""

Link = Callable[[Place, str], str]
"""Gives the address of a place, with a sentence to mark there."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that a template needs for one turn."""

    question_id: UUID
    heading: str
    more: str
    """The rest of a long question."""
    card: Card
    state: TurnState
    failure: str | None = None
    blocks: tuple[Block, ...] = ()
    written_from: tuple[Place, ...] = ()
    """The pages that an answer without any citation was written from."""
    sources_lost: int = 0
    """How many more passages it was written from, which are not for this person any more."""
    by_small_model: bool = False
    is_reduced: bool = False
    """Whether something of its card is not shown any more."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the tutor answers from."""

    titles: tuple[str, ...]
    further: int
    """How many more materials there are than titles."""
    in_work: int
    """How many are still being read."""
    topics: tuple[str, ...] = ()
    """Headings that one could ask about."""


def show_all(session: Session, asker: Asker, turns: Sequence[Turn], link: Link) -> list[Shown]:
    """The turns with their answers rendered. What was hidden, taken away or replaced since then is
    left out or led on: nothing that was kept shows more than the materials do now.
    """
    ids = {UUID(one) for turn in turns for one in turn.card.material_ids}
    ids |= {row.material_id for turn in turns for row in turn.citations if row.material_id}
    found = where_now(session, asker.course_id, ids, see_hidden=asker.see_hidden)
    where = {str(one): str(to) for one, to in found.items()}
    gone = _gone(session, turns, found)
    return [_show(session, asker, turn, link, where, gone) for turn in turns]


def show(session: Session, asker: Asker, turn: Turn, link: Link) -> Shown:
    """One turn."""
    return show_all(session, asker, [turn], link)[0]


def _gone(
    session: Session, turns: Sequence[Turn], where: Mapping[UUID, UUID]
) -> set[tuple[Place, str]]:
    """What was kept of files since replaced, or read anew, and does not stand there any more."""
    kept = {one for turn in turns for one in turn.card.texts}
    kept |= {(_place(row), row.quote) for turn in turns for row in turn.citations}
    ids = {UUID(place.chunk_id) for place, _ in kept if place.chunk_id}
    query = select(MaterialChunk.chunk_id).where(MaterialChunk.chunk_id.in_(ids))
    there = {str(one) for one in session.scalars(query)}

    def now(place: Place) -> UUID | None:
        to = where.get(UUID(place.material_id))
        return None if str(to) == place.material_id and place.chunk_id in there else to

    asked = {(place, text): (to, text) for place, text in kept if (to := now(place))}
    lost = without(session, set(asked.values()))
    return {one for one, its in asked.items() if its in lost}


def _place(row: MessageCitation) -> Place:
    """Where a kept citation was taken from."""
    material_id = str(row.material_id or GONE.material_id)
    return Place(material_id, str(row.chunk_id or ""), row.title, "pdf", row.page or 1)


def _show(
    session: Session,
    asker: Asker,
    turn: Turn,
    link: Link,
    where: Mapping[str, str],
    gone: Container[tuple[Place, str]],
) -> Shown:
    heading, more = headline(turn.question.content)
    card = turn.card.as_of_now(where, gone)
    bare = Shown(turn.question_id, heading, more, card, turn.state, turn.failure)
    is_reduced = not turn.card.material_ids <= where.keys() or bool(turn.card.lead) > bool(
        card.lead
    )
    bare = replace(bare, is_reduced=is_reduced)
    if turn.answer is None:
        return bare
    model = turn.answer.llm_model or ""
    given = turn.card.sources[: profile_of(model).sources]
    sources = load_sources(session, asker.course_id, given, see_hidden=asker.see_hidden)
    cited = [_citation(row, sources, where, gone) for row in turn.citations]
    blocks = render(
        turn.answer.content,
        cited,
        lambda citation: link(citation.place, citation.quote),
        sources=() if bare.is_reduced else sources,  # what supports it is not all there
        question=turn.question.content,
    )
    return replace(
        bare,
        blocks=tuple(blocks),
        written_from=() if cited else _pages(sources),
        sources_lost=0 if cited else len(given) - len(sources),
        by_small_model=is_tiny(model),
    )


def _citation(
    row: MessageCitation,
    sources: Sequence[Source],
    where: Mapping[str, str],
    gone: Container[tuple[Place, str]],
) -> Citation:
    """A kept citation; of a file that is not for this person any more its number alone."""
    for source in sources:
        for _, place in source.places:
            if source.chunk_id == str(row.chunk_id) and place.page == row.page:
                return Citation(row.number, place, row.quote)
    place = _place(row)
    if place.material_id not in where:
        return Citation(row.number, GONE, "")
    return Citation(row.number, place.moved(where), "" if (place, row.quote) in gone else row.quote)


def _pages(sources: Sequence[Source]) -> tuple[Place, ...]:
    places = {(s.places[0][1].material_id, s.places[0][1].page): s.places[0][1] for s in sources}
    return tuple(places.values())


def headline(question: str) -> tuple[str, str]:
    """A question as heading and rest: its first line, or as many words of it as a heading takes."""
    first, _, rest = question.partition("\n")
    if len(first) <= LONGEST_HEADING:
        return first.strip(), rest.strip()
    cut = first.rfind(" ", 0, LONGEST_HEADING)
    cut = cut if cut > 0 else LONGEST_HEADING
    return first[:cut].strip(), f"{first[cut:].strip()}\n{rest}".strip()


def scope(session: Session, asker: Asker, *, with_topics: bool = False) -> Scope:
    """What there is to answer from, for this person."""
    material = CourseMaterial
    seen = (material.course_id == asker.course_id) & visible(asker.see_hidden)
    titles = session.scalars(
        select(material.title).where(seen, material.chunk_count > 0).order_by(material.upload_date)
    ).all()
    in_work = session.scalar(
        select(func.count()).where(
            seen,
            material.chunk_count == 0,
            material.indexing_status.in_([IndexingStatus.PENDING, IndexingStatus.PROCESSING]),
        )
    )
    shown = titles if len(titles) <= MOST_TITLES else titles[: MOST_TITLES - 1]
    return Scope(
        tuple(shown),
        len(titles) - len(shown),
        in_work or 0,
        _topics(session, asker) if with_topics else (),
    )


def _topics(session: Session, asker: Asker) -> tuple[str, ...]:
    """Headings from the newest material, spread over it."""
    material, chunk = CourseMaterial, MaterialChunk
    headings = session.scalars(
        select(chunk.heading)
        .join(material, material.material_id == chunk.material_id)
        .where(
            material.course_id == asker.course_id,
            visible(asker.see_hidden),
            chunk.heading.is_not(None),
        )
        .order_by(material.upload_date.desc(), chunk.chunk_index)
        .limit(400)
    ).all()
    topics = dict.fromkeys((heading or "").rpartition(" › ")[2] for heading in headings)
    fit = [topic for topic in topics if len(topic) <= LONGEST_TOPIC and len(topic.split()) > 1]
    step = max(len(fit) // MOST_TOPICS, 1)
    return tuple(fit[step // 2 :: step][:MOST_TOPICS])
