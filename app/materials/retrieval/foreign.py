"""Which of a course's languages a question is not in: there words say nothing, meaning alone does.

Pure. Where a course has materials in the question's own language beside others, each part is judged
by what can be told of it: a page in another language may answer what the own one's pages do not.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.materials.retrieval.coverage import OTHERS, Evidence, is_known, mean_of_others
from app.materials.retrieval.language import SIMPLE, likeliest, speaks
from app.materials.retrieval.normalisation import fold
from app.materials.retrieval.passages import Passage
from app.materials.retrieval.scope import Scope
from app.materials.retrieval.vectors import VectorHit
from app.materials.retrieval.words import LONGEST_QUESTION, Term

FEWEST_WORDS = 4
SMALL_WORDS = 0.15
"""A question of some words has at least this share of stop words in its own language: so had 97 %
of XQuAD's German, 99.6 % of the English and 99 % of the Spanish ones; of those in another one of
these languages 1 to 7 % had."""


class Foreign(NamedTuple):
    """The configurations of materials in other languages than the question's, and its own one
    where the course has materials in that too."""

    configs: frozenset[str] = frozenset()
    own: str | None = None


def foreign_to(
    question: str, language: str | None, terms: Sequence[Term], configs: Collection[str]
) -> Foreign:
    """Which of the course's languages the question is not in; `language` where it can be told."""
    known = frozenset(configs)
    language = language or likeliest(question, known)
    if language in known:
        return Foreign(known - {language, SIMPLE}, language)
    is_foreign = language or _has_no_small_words(question, terms, known)
    return Foreign(known) if is_foreign else Foreign()


def _has_no_small_words(question: str, terms: Sequence[Term], configs: frozenset[str]) -> bool:
    """Whether hardly a word of the question is a small one in the materials' languages."""
    words = set(fold(question[:LONGEST_QUESTION]).split())
    small = len(words - {term.word for term in terms})
    return len(words) >= FEWEST_WORDS and configs != {SIMPLE} and small < SMALL_WORDS * len(words)


def evidence_abroad(
    passages: Sequence[Passage], vectors: Sequence[VectorHit], scope: Scope, foreign: Foreign
) -> tuple[Passage, Evidence] | None:
    """The best passage in another language, and what meaning tells of it among its like alone: as
    if the course held no files in the question's own language. Where it does hold some, these lead
    by their words: then the best one abroad is the nearest."""
    abroad = {
        material
        for material, config in zip(scope.materials, scope.configs, strict=True)
        if config in foreign.configs
    }
    found = [
        one
        for one in passages
        if one.material_id in abroad
        and one.cosine is not None
        and not (foreign.own and speaks(one.content, foreign.own))
    ]
    if not found or not is_known(scope.model):
        return None
    first = max(found, key=lambda one: one.cosine or 0.0) if foreign.own else found[0]
    nearest = sorted(vectors, key=lambda hit: -hit.cosine)
    near = [hit.cosine for hit in nearest if scope.materials[hit.material] in abroad]
    others = near[1 : OTHERS + 1]
    # A page that stands alone in its language is measured by all that is near the question.
    others += [hit.cosine for hit in nearest[1:]][: OTHERS - len(others)]
    return first, Evidence(first.cosine, mean_of_others(others), None)
