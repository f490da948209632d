"""Reads the best candidates once more: their sentences decide, and the same text counts once. Pure.

A sentence that holds most of the question answers it sooner than a passage that holds its words
here and there (proximity by sentence; Tao & Zhai 2007 on why nearness of words helps BM25). The
first five are taken from different places as far as these are about as good (maximal marginal
relevance; Carbonell & Goldstein 1998): who opens one page sees those beside it anyway.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import NamedTuple

from app.materials.retrieval.passages import Passage
from app.materials.retrieval.showing import snippet_of
from app.materials.retrieval.snippets import Looked, Snippet, Weights, keys_of, look
from app.materials.retrieval.words import Term

SENTENCE_WEIGHT = 0.25
"""Of the share of the question in the best sentence: decides among passages that are else equal."""
SAME = 0.9
"""Two passages say the same when so much of their words is common (Jaccard; Broder 1997)."""

SPREAD = 5
"""So many passages are spread over different places."""
CLOSE = 5
"""Chunks of a material that are at most so far apart stand close together."""
FOR_EACH_CLOSE = 0.2
"""What a passage with all words of the question loses for each better one that it stands close to;
others lose less, since it is by their words that the passages of a chapter crowd to the front."""


class _Looked(NamedTuple):
    score: float
    passage: Passage
    sentence: Looked
    twins: list[Passage]


def look_at(
    passages: Sequence[Passage],
    weights: Mapping[str, Weights],
    configs: Mapping[uuid.UUID, str],
) -> dict[uuid.UUID, Looked]:
    """What the sentences of each passage hold of the question, by chunk. `configs` by material."""
    return {
        passage.chunk_id: look(passage.content, weights.get(configs[passage.material_id], {}))
        for passage in passages
    }


def look_again(
    passages: Sequence[Passage], looks: Mapping[uuid.UUID, Looked], limit: int
) -> list[Passage]:
    """The best passages that say different things, best first, and of the snippet what its
    sentence holds of the question; at most `limit`."""
    again = []
    for passage in passages:
        sentence = looks[passage.chunk_id]
        score = passage.score + SENTENCE_WEIGHT * sentence.share
        again.append(_Looked(score, passage, sentence, []))
    return [
        replace(
            one.passage,
            score=one.score,
            snippet=Snippet(share=one.sentence.share),
            twins=tuple(one.twins),
        )
        for one in _collapsed(_spread(sorted(again, key=_order)), limit)
    ]


def with_snippets(
    passages: Sequence[Passage],
    looks: Mapping[uuid.UUID, Looked],
    weights: Mapping[str, Weights],
    configs: Mapping[uuid.UUID, str],
) -> list[Passage]:
    """The passages as they are shown; apart, since to cut and mark takes longer than to look."""
    shown = []
    for passage in passages:
        asked = weights.get(configs[passage.material_id], {})
        snippet = snippet_of(passage, asked, looks[passage.chunk_id])
        shown.append(replace(passage, snippet=snippet))
    return shown


def weights_of(terms: Sequence[Term]) -> dict[str, dict[str, float]]:
    """How much each of the question's words says, in each configuration."""
    weights: dict[str, dict[str, float]] = {}
    for term in terms:
        for key in keys_of(term.word):
            known = weights.setdefault(term.config, {})
            known[key] = max(known.get(key, 0.0), term.asked)
    return weights


def _spread(found: Sequence[_Looked]) -> list[_Looked]:
    """The first five from different places, then the others as they were."""
    left = {place: one.score for place, one in enumerate(found)}
    first: list[_Looked] = []
    while left and len(first) < SPREAD:
        best = max(left, key=left.__getitem__)
        del left[best]
        first.append(found[best])
        for place in left:
            if _is_close(found[place].passage, found[best].passage):
                left[place] -= FOR_EACH_CLOSE * (found[place].passage.word_share or 0.0)
    return [*first, *(found[place] for place in left)]


def _is_close(a: Passage, b: Passage) -> bool:
    return abs(a.chunk_index - b.chunk_index) <= CLOSE and a.material_id == b.material_id


def _collapsed(found: Sequence[_Looked], limit: int) -> list[_Looked]:
    """The first passages that say different things; the better one keeps the others as twins."""
    kept: list[_Looked] = []
    for one in found:
        known = next(
            (first for first in kept if _is_same(one.sentence.keys, first.sentence.keys)), None
        )
        if known is not None:
            known.twins.append(one.passage)
        elif len(kept) == limit:
            break
        else:
            kept.append(one)
    return kept


def _is_same(a: set[str], b: set[str]) -> bool:
    """Whether the Jaccard index reaches `SAME`: for most, some words of the smaller set tell."""
    small, large = (a, b) if len(a) < len(b) else (b, a)
    spare = floor(len(small) - SAME * (len(a) + len(b)) / (1 + SAME) + 1e-9)
    for key in small:
        if spare < 0:
            return False
        spare -= key not in large
    return spare >= 0


def _order(looked: _Looked) -> tuple[float, uuid.UUID, int]:
    return -looked.score, looked.passage.material_id, looked.passage.chunk_index
