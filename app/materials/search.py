"""Finds the passages of a course that answer a question: by words, by meaning, both, read again."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from app.llm.profiles import embedding_profile
from app.materials.retrieval.coverage import LEVELS, Evidence, is_known, judge, mean_of_others
from app.materials.retrieval.fusion import Place, fuse, with_neighbours
from app.materials.retrieval.language import SIMPLE, text_configuration
from app.materials.retrieval.normalisation import fold
from app.materials.retrieval.passages import Passage, read_passages
from app.materials.retrieval.scope import Scope, scope_of
from app.materials.retrieval.second_look import look_again, weights_of
from app.materials.retrieval.vectors import VectorHit, nearest
from app.materials.retrieval.words import LONGEST_QUESTION, Term, search_words, terms_of
from models import Coverage

__all__ = ["Passage", "SearchResult", "search"]

CANDIDATES = 100
LOOKED_AT = 20
"""Candidates that are read again."""
FEWEST_WORDS = 4
SMALL_WORDS = 0.15
"""A question of some words has at least this share of stop words in its own language: so had 97 %
of XQuAD's German, 99.6 % of the English and 99 % of the Spanish ones; of those in another one of
these languages 1 to 7 % had."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The passages, best first, and whether they answer the question.

    `model`: whose vectors the course had. Where it is not the question's, the course has moved to
    another one since the question was embedded: words alone searched, ask once more.
    """

    coverage: Coverage
    passages: list[Passage]
    model: str = field(default="", compare=False)


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
    search. Five short statements.
    """
    scope = scope_of(session, course_id, see_hidden=see_hidden)
    terms = terms_of(session, scope, question)
    words = search_words(session, scope, terms, limit=CANDIDATES)
    vectors = _by_meaning(session, scope, question_vector, question_model)
    scores = _best(with_neighbours(fuse(words, vectors)))
    passages = read_passages(session, scope, scores, words, vectors) if scores else []
    configs = {scope.materials[number]: scope.configs[number] for number, _ in scores}
    passages = look_again(passages, weights_of(terms), configs, limit)
    evidence = evidence_of(passages, vectors, scope.model)
    coverage = judge(evidence)
    if coverage is not Coverage.ANSWERED and _is_foreign(question, terms, scope):
        coverage = max(coverage, judge(replace(evidence, word_share=None)), key=LEVELS.index)
    return SearchResult(coverage, passages, scope.model)


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


def evidence_of(passages: Sequence[Passage], vectors: Sequence[VectorHit], model: str) -> Evidence:
    """What is known of the first passage, for the judgement whether it answers."""
    if not passages:
        return Evidence()
    first = passages[0]
    by_meaning = first.cosine is not None and is_known(model)
    cosines = sorted((hit.cosine for hit in vectors), reverse=True)
    return Evidence(
        cosine=first.cosine if by_meaning else None,
        others=mean_of_others(cosines[1:]),
        word_share=first.word_share or 0.0,
        sentence_share=first.snippet.share,
    )


def _is_foreign(question: str, terms: Sequence[Term], scope: Scope) -> bool:
    """Whether the question is in a language that none of the course's materials is in: by its
    commonest words, or because hardly a word of it is a small one in theirs."""
    language = text_configuration(question)
    if language in scope.configs:
        return False
    words = set(fold(question[:LONGEST_QUESTION]).split())
    small = len(words - {term.word for term in terms})
    has_small_words = len(words) >= FEWEST_WORDS and set(scope.configs) != {SIMPLE}
    return language is not None or (has_small_words and small < SMALL_WORDS * len(words))
