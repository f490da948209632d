"""Finds the passages of a course that answer a question: by words, by meaning, and fused.

Reciprocal rank fusion after Cormack, Clarke & Büttcher (2009).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.llm.profiles import embedding_profile
from app.materials.chunking import page_at
from app.materials.coverage import Evidence, is_known, judge
from app.materials.language import text_configuration
from app.materials.postings import WordHit, search_words
from app.materials.snippets import Snippet, snippet
from app.materials.vectors import VectorHit, nearest
from models import CourseMaterial, Coverage, FileType, MaterialChunk

FUSION_K = 60
CANDIDATES = 100

Place = tuple[uuid.UUID, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found. `score` orders passages of one search and means nothing else.

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

    def page_at(self, offset: int) -> int:
        """The page on which the character at `offset` of `content` stands."""
        return page_at(self.start_page, self.page_starts, offset)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The passages, best first, and whether they answer the question."""

    coverage: Coverage
    passages: list[Passage]


def search(
    session: Session,
    course_id: uuid.UUID,
    question: str,
    *,
    question_vector: Sequence[float] | None,
    see_hidden: bool = False,
    limit: int = 8,
) -> SearchResult:
    """Passages of the course for `question`, of released materials unless `see_hidden`.

    `question_vector` at the model's own width; without one, words alone search. Three statements.
    """
    words = search_words(session, course_id, question, see_hidden=see_hidden, limit=CANDIDATES)
    vectors: list[VectorHit] = []
    model = embedding_profile().name
    if question_vector is not None:
        vectors = nearest(
            session, course_id, question_vector, model, see_hidden=see_hidden, limit=CANDIDATES
        )
    scores = fuse([_place(hit) for hit in words], [_place(hit) for hit in vectors])
    if vectors:
        _make_up_for_missing_vectors(scores, words)
    best = sorted(scores, key=lambda place: scores[place], reverse=True)[:limit]
    passages = _passages(session, best, scores, words, vectors)
    passages = [replace(one, snippet=snippet(one.content, question)) for one in passages]
    evidence = evidence_of(passages, model)
    coverage = judge(evidence)
    if coverage is not Coverage.ANSWERED and _in_a_foreign_language(session, course_id, question):
        coverage = judge(replace(evidence, word_share=None))
    return SearchResult(coverage, passages)


def fuse(*rankings: Sequence[Place]) -> dict[Place, float]:
    """Reciprocal rank fusion: each ranking gives its n-th place 1 / (k + n)."""
    scores: dict[Place, float] = {}
    for ranking in rankings:
        for rank, place in enumerate(ranking, start=1):
            scores[place] = scores.get(place, 0.0) + 1.0 / (FUSION_K + rank)
    return scores


def _make_up_for_missing_vectors(scores: dict[Place, float], words: Sequence[WordHit]) -> None:
    """A chunk whose vector is still to come counts by its words twice, so that the pages already
    done do not win by being done."""
    for rank, hit in enumerate(words, start=1):
        if not hit.has_vector:
            scores[_place(hit)] += 1.0 / (FUSION_K + rank)


def _place(hit: WordHit | VectorHit) -> Place:
    return hit.material_id, hit.chunk_index


def _passages(
    session: Session,
    places: Sequence[Place],
    scores: dict[Place, float],
    words: Sequence[WordHit],
    vectors: Sequence[VectorHit],
) -> list[Passage]:
    shares = {_place(hit): hit.share for hit in words}
    cosines = {_place(hit): hit.cosine for hit in vectors}
    chunk, material = MaterialChunk, CourseMaterial
    rows = session.execute(
        select(
            chunk.chunk_id,
            chunk.material_id,
            material.title.label("material_title"),
            material.file_type,
            chunk.chunk_index,
            chunk.start_page,
            chunk.end_page,
            chunk.heading,
            chunk.content,
            chunk.page_starts,
        )
        .join(material, material.material_id == chunk.material_id)
        .where(tuple_(chunk.material_id, chunk.chunk_index).in_(places))
    )
    found = {}
    for row in rows:
        place = row.material_id, row.chunk_index
        found[place] = Passage(
            **{**row._mapping, "page_starts": tuple(row.page_starts)},
            score=scores[place],
            cosine=cosines.get(place),
            word_share=shares.get(place),
        )
    return [found[place] for place in places if place in found]


def evidence_of(passages: Sequence[Passage], model: str) -> Evidence:
    """The best cosine and the best share of words among the passages."""
    cosines = [passage.cosine for passage in passages if passage.cosine is not None]
    shares = [passage.word_share for passage in passages if passage.word_share is not None]
    by_meaning = cosines and is_known(model)
    return Evidence(
        cosine=max(cosines) if by_meaning else None, word_share=max(shares, default=0.0)
    )


def _in_a_foreign_language(session: Session, course_id: uuid.UUID, question: str) -> bool:
    """Whether the question is surely in a language that none of the course's materials is in."""
    language = text_configuration(question)
    if language is None:
        return False
    known = select(CourseMaterial.search_config).where(
        CourseMaterial.course_id == course_id, CourseMaterial.chunk_count > 0
    )
    return language not in session.scalars(known.distinct()).all()
