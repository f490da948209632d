"""Reads the best candidates once more: their sentences decide, and the same text counts once. Pure.

A sentence that holds most of the question answers it sooner than a passage that holds its words
here and there (proximity by sentence; Tao & Zhai 2007 on why nearness of words helps BM25).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.materials.passages import Passage
from app.materials.snippets import Sentence, Weights, best_sentence, keys_of, shown
from app.materials.words import Term

SENTENCE_WEIGHT = 0.25
"""Of the share of the question in the best sentence: decides among passages that are else equal."""
SAME = 0.9
"""Two passages say the same when so much of their words is common (Jaccard; Broder 1997)."""

Looked = tuple[Passage, Sentence]


def look_again(
    passages: Sequence[Passage],
    weights: Mapping[str, Weights],
    configs: Mapping[uuid.UUID, str],
    limit: int,
) -> list[Passage]:
    """The best passages that say different things, with their snippets, best first; at most
    `limit`. `configs` by material."""

    def asked(passage: Passage) -> Weights:
        return weights.get(configs[passage.material_id], {})

    again = []
    for passage in passages:
        sentence = best_sentence(passage.content, asked(passage))
        score = passage.score + SENTENCE_WEIGHT * sentence.share
        again.append((replace(passage, score=score), sentence))
    kept = _collapsed(sorted(again, key=_order), limit)
    return [
        replace(one, snippet=shown(one.content, sentence, asked(one))) for one, sentence in kept
    ]


def weights_of(terms: Sequence[Term]) -> dict[str, dict[str, float]]:
    """How much each of the question's words says, in each configuration."""
    weights: dict[str, dict[str, float]] = {}
    for term in terms:
        for key in keys_of(term.word):
            known = weights.setdefault(term.config, {})
            known[key] = max(known.get(key, 0.0), term.weight)
    return weights


def _collapsed(found: Sequence[Looked], limit: int) -> list[Looked]:
    """The first passages that say different things; the better one keeps the others as twins."""
    kept: list[Looked] = []
    for passage, sentence in found:
        for place, (first, known) in enumerate(kept):
            if _is_same(sentence.keys, known.keys):
                kept[place] = replace(first, twins=(*first.twins, passage)), known
                break
        else:
            if len(kept) == limit:
                break
            kept.append((passage, sentence))
    return kept


def _is_same(a: frozenset[str], b: frozenset[str]) -> bool:
    """Sizes first: that costs nothing and tells most apart."""
    if min(len(a), len(b)) < SAME * max(len(a), len(b)):
        return False
    return len(a & b) >= SAME * len(a | b)


def _order(looked: Looked) -> tuple[float, str, int]:
    passage = looked[0]
    return -passage.score, str(passage.material_id), passage.chunk_index
