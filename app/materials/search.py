"""Finds the passages of a course that answer a question: by words, by meaning, both, read again."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.llm.profiles import embedding_profile
from app.materials.retrieval.coverage import (
    LEVELS,
    Evidence,
    is_known,
    judge,
    mean_of_others,
    said_share,
)
from app.materials.retrieval.foreign import evidence_abroad, foreign_to
from app.materials.retrieval.fusion import Place, fuse, with_neighbours
from app.materials.retrieval.language import text_configuration
from app.materials.retrieval.passages import Passage, read_passages
from app.materials.retrieval.scope import Scope, scope_of
from app.materials.retrieval.second_look import look_again, look_at, weights_of, with_snippets
from app.materials.retrieval.slips import Slip, read_as, slips_in
from app.materials.retrieval.vectors import VectorHit, nearest
from app.materials.retrieval.words import Term, search_words, terms_of
from models import Coverage

__all__ = ["Passage", "SearchResult", "search"]

CANDIDATES = 100
LOOKED_AT = 20
"""Candidates that are read again."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The passages, best first, and whether they answer the question.

    `model`: whose vectors the course had. Where it is not the question's, the course has moved to
    another one since the question was embedded: words alone searched, ask once more.
    """

    coverage: Coverage
    passages: list[Passage]
    model: str = field(default="", compare=False)
    is_abroad: bool = False
    """The first passage is in another language than the question, and others are in its own: their
    words tell nothing."""
    slips: tuple[Slip, ...] = ()
    """Words that the course does not have, and what was looked for instead."""


def search(
    session: Session,
    course_id: uuid.UUID,
    question: str,
    *,
    question_vector: Sequence[float] | None,
    question_model: str | None = None,
    see_hidden: bool = False,
    limit: int = 8,
) -> SearchResult:
    """Passages of the course for `question`, of what this person may find; at most `limit`.

    `question_vector` at the model's own width, made by `question_model` (the installation's
    present one); where the course's vectors are another model's, or without one, words alone
    search. Five short statements, one more where the course lacks a word of the question, and
    where that may be a slip, the words' once again.
    """
    scope = scope_of(session, course_id, see_hidden=see_hidden)
    vectors = _by_meaning(session, scope, question_vector, question_model)
    asked = _find(session, scope, question, vectors, limit)
    if not asked.slips or asked.result.coverage is Coverage.ANSWERED:
        return asked.result
    meant = _find(session, scope, read_as(question, asked.slips), vectors, limit)
    if meant.result.coverage is Coverage.NOT_COVERED or not _is_near(meant.evidence):
        return asked.result
    return replace(meant.result, coverage=Coverage.CLOSEST, slips=asked.slips)


def _is_near(evidence: Evidence) -> bool:
    """Whether the passage that was found by a guessed word is near by its meaning, too. By words it
    always is: one asks for an election, and the course has electrons."""
    by_meaning = replace(evidence, word_share=None)
    return evidence.cosine is not None and judge(by_meaning) is not Coverage.NOT_COVERED


class _Found(NamedTuple):
    """What was found for the very words of a question, by what it was judged, and which of the
    words may be slips."""

    result: SearchResult
    evidence: Evidence
    slips: tuple[Slip, ...]


def _find(
    session: Session, scope: Scope, question: str, vectors: Sequence[VectorHit], limit: int
) -> _Found:
    language = text_configuration(question)
    terms = terms_of(session, scope, question, language)
    words = search_words(session, scope, terms, limit=CANDIDATES)
    scores = _best(with_neighbours(fuse(words, vectors)))
    passages = read_passages(session, scope, scores, words, vectors) if scores else []
    configs = {scope.materials[number]: scope.configs[number] for number, _ in scores}
    foreign = foreign_to(question, language, terms, scope.configs)
    own = set(scope.configs) - foreign.configs
    slips = slips_in(question, terms, passages, own)
    most = LOOKED_AT if foreign.configs else limit
    weights = weights_of(terms)
    looks = look_at(passages, weights, configs)
    passages = look_again(passages, looks, most)
    evidence = evidence_of(passages, vectors, scope)
    if passages and evidence.cosine is None:
        evidence = replace(evidence, said_share=_said_by(passages[0], terms, configs))
    coverage = judge(evidence)
    found = evidence_abroad(passages, vectors, scope, foreign) if foreign.configs else None
    is_abroad = found is not None and LEVELS.index(judge(found[1])) > LEVELS.index(coverage)
    if found and is_abroad:
        coverage = judge(found[1])
        passages.sort(key=lambda one: one is not found[0])
    shown = with_snippets(passages[:limit], looks, weights, configs)
    is_mixed = is_abroad and foreign.own is not None
    return _Found(SearchResult(coverage, shown, scope.model, is_mixed), evidence, slips)


def _said_by(passage: Passage, terms: Sequence[Term], configs: Mapping[uuid.UUID, str]) -> float:
    """How much of the question the passage holds word by word; where the course has but a word
    like the asked one, by that."""
    config = configs[passage.material_id]
    asked = {
        term.term if term.is_alike else term.word: term.asked
        for term in terms
        if term.config == config
    }
    return said_share(passage.content, asked)


def _by_meaning(
    session: Session, scope: Scope, vector: Sequence[float] | None, model: str | None
) -> list[VectorHit]:
    if vector is None or not scope.materials:
        return []
    if scope.model != (model or embedding_profile().name):
        return []
    return nearest(session, scope, vector, limit=CANDIDATES)


def _best(scores: dict[Place, float]) -> dict[Place, float]:
    """The candidates to read again. Equal scores keep the order of their places."""
    best = sorted(scores, key=lambda place: (-scores[place], place))
    return {place: scores[place] for place in best[:LOOKED_AT]}


def evidence_of(
    passages: Sequence[Passage], vectors: Sequence[VectorHit], scope: Scope
) -> Evidence:
    """What is known of the first passage, for the judgement whether it answers.

    One that is not among the nearest by meaning is no nearer than the last of them: by its words
    alone it would be called close, as "the capital of Peru" was to a page on capital letters.
    """
    if not passages:
        return Evidence()
    first = passages[0]
    cosines = sorted((hit.cosine for hit in vectors), reverse=True)
    cosine = first.cosine
    if cosine is None and cosines and _has_vector(first, scope):
        cosine = cosines[-1]
    return Evidence(
        cosine=cosine if is_known(scope.model) else None,
        others=mean_of_others(cosines[1:]),
        word_share=first.word_share or 0.0,
        sentence_share=first.snippet.share,
    )


def _has_vector(passage: Passage, scope: Scope) -> bool:
    """Vectors come in the order of the chunks."""
    material = scope.materials.index(passage.material_id)
    return passage.chunk_index < scope.embedded[material]
