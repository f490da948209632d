"""Which of a course's languages a question is not in: there words say nothing, meaning alone does.

Pure. Where a course has materials in the question's own language beside others, each part is judged
by what can be told of it: a page in another language may answer what the own one's pages do not.
"""

from collections.abc import Collection, Sequence

from app.materials.retrieval.coverage import OTHERS, Evidence, is_known, mean_of_others
from app.materials.retrieval.language import SIMPLE, likeliest, text_configuration
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


def foreign_configs(question: str, terms: Sequence[Term], configs: Collection[str]) -> set[str]:
    """The configurations of the materials' languages that the question is not in."""
    language = text_configuration(question) or likeliest(question, configs)
    known = set(configs)
    if language in known:
        return known - {language, SIMPLE}
    return known if language or _has_no_small_words(question, terms, known) else set()


def _has_no_small_words(question: str, terms: Sequence[Term], configs: set[str]) -> bool:
    """Whether hardly a word of the question is a small one in the materials' languages."""
    words = set(fold(question[:LONGEST_QUESTION]).split())
    small = len(words - {term.word for term in terms})
    return len(words) >= FEWEST_WORDS and configs != {SIMPLE} and small < SMALL_WORDS * len(words)


def evidence_abroad(
    passages: Sequence[Passage], vectors: Sequence[VectorHit], scope: Scope, foreign: set[str]
) -> tuple[Passage, Evidence] | None:
    """The passage in one of the `foreign` configurations that is nearest by meaning, and what that
    tells among its like alone: as if the course held no files in the question's own language."""
    abroad = {
        material
        for material, config in zip(scope.materials, scope.configs, strict=True)
        if config in foreign
    }
    found = [one for one in passages if one.material_id in abroad and one.cosine is not None]
    if not found or not is_known(scope.model):
        return None
    first = max(found, key=lambda one: one.cosine or 0.0)
    near = sorted(hit.cosine for hit in vectors if scope.materials[hit.material] in abroad)
    others = near[-2::-1]
    if len(vectors) < sum(scope.embedded):
        others += [min(hit.cosine for hit in vectors)] * OTHERS  # none that is not here is nearer
    return first, Evidence(first.cosine, mean_of_others(others), None)
