"""Passages: chunks as they are found, read from the database for a closer look."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.materials.retrieval.fusion import Place, place_of
from app.materials.retrieval.scope import Scope
from app.materials.retrieval.snippets import Snippet
from app.materials.retrieval.vectors import VectorHit
from app.materials.retrieval.words import WordHit
from models import FileType

MARKED_UP = frozenset({FileType.MD, FileType.OTHER})
"""Files whose text is Markdown."""
WRAPPED = MARKED_UP | {FileType.TXT}
"""Files whose paragraphs may go over several lines."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found. `score` is its own, among those of one search.

    `cosine` and `word_share` are None where the vector or the word search did not find it.
    """

    chunk_id: uuid.UUID
    material_id: uuid.UUID
    material_title: str
    file_type: FileType
    chunk_index: int
    start_page: int
    end_page: int
    heading: str | None
    content: str
    page_starts: tuple[int, ...]
    score: float
    cosine: float | None
    word_share: float | None
    snippet: Snippet = field(default_factory=Snippet)
    """Its sentence that meets the question best, for a list of what was found."""
    twins: tuple["Passage", ...] = ()
    """Found too, with nearly the same text: the slide of a handout's page."""

    def page_at(self, offset: int) -> int:
        """The page on which the character at `offset` of `content` stands."""
        return page_at(self.start_page, self.page_starts, offset)

    @property
    def is_markdown(self) -> bool:
        return self.file_type in MARKED_UP

    @property
    def is_wrapped(self) -> bool:
        return self.file_type in WRAPPED


def page_at(start_page: int, page_starts: Sequence[int], offset: int) -> int:
    """The page on which the character at `offset` of a chunk's content stands."""
    begun = sum(start <= offset for start in page_starts)
    return start_page + max(begun, 1) - 1


_READ = text(
    """
    select place - 1, chunk_id, material_id, title, file_type, chunk_index, start_page, end_page,
           heading, content, page_starts
    from unnest(cast(:materials as uuid[]), cast(:indexes as int[]))
        with ordinality as wanted (material_id, chunk_index, place)
    join material_chunks using (material_id, chunk_index)
    join course_materials using (material_id)
    """
)


def read_passages(
    session: Session,
    scope: Scope,
    scores: Mapping[Place, float],
    words: Sequence[WordHit],
    vectors: Sequence[VectorHit],
) -> list[Passage]:
    """The chunks at the places that have a score, in any order."""
    shares = {place_of(hit): hit.share for hit in words}
    cosines = {place_of(hit): hit.cosine for hit in vectors}
    places = list(scores)
    rows = session.execute(
        _READ,
        {
            "materials": [scope.materials[material] for material, _ in places],
            "indexes": [index for _, index in places],
        },
    ).all()
    return [
        Passage(
            key,
            source,
            title,
            FileType(kind),
            index,
            first,
            last,
            heading,
            content,
            tuple(starts),
            scores[places[number]],
            cosines.get(places[number]),
            shares.get(places[number]),
        )
        for number, key, source, title, kind, index, first, last, heading, content, starts in rows
    ]
