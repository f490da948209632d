"""Reads the best candidates once more: their sentences decide, and the same text counts once. Pure.

A sentence that holds most of the question answers it sooner than a passage that holds its words
here and there (proximity by sentence; Tao & Zhai 2007 on why nearness of words helps BM25).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.materials.passages import Passage
from app.materials.snippets import Weights, best_sentence, keys_in, keys_of, snippet
from app.materials.words import Term

SENTENCE_WEIGHT = 0.5
"""Of the share of the question in the best sentence: half as much as words or meaning count."""
SAME = 0.9
"""Two passages say the same when so much of their words is common (Jaccard; Broder 1997)."""


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

    again = [
        replace(
            one, score=one.score + SENTENCE_WEIGHT * best_sentence(one.content, asked(one)).share
        )
        for one in passages
    ]
    kept = collapsed(sorted(again, key=_order), limit)
    return [replace(one, snippet=snippet(one.content, asked(one))) for one in kept]


def weights_of(terms: Sequence[Term]) -> dict[str, dict[str, float]]:
    """How much each of the question's words says, in each configuration."""
    weights: dict[str, dict[str, float]] = {}
    for term in terms:
        for key in keys_of(term.word):
            known = weights.setdefault(term.config, {})
            known[key] = max(known.get(key, 0.0), term.weight)
    return weights


def collapsed(passages: Sequence[Passage], limit: int) -> list[Passage]:
    """The first passages that say different things; the better one keeps the others as twins."""
    kept: list[tuple[Passage, set[str]]] = []
    for passage in passages:
        keys = keys_in(passage.content)
        for place, (first, known) in enumerate(kept):
            if len(keys & known) >= SAME * len(keys | known):
                kept[place] = replace(first, twins=(*first.twins, passage)), known
                break
        else:
            if len(kept) == limit:
                break
            kept.append((passage, keys))
    return [passage for passage, _ in kept]


def _order(passage: Passage) -> tuple[float, str, int]:
    return -passage.score, str(passage.material_id), passage.chunk_index
