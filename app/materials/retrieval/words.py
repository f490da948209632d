"""Finds chunks by the question's words: BM25 over the postings of one course.

BM25 after Robertson & Zaragoza (2009), k1 1.5 and b 0.75 as they advise. Document frequencies and
lengths are those of the materials in scope, at the moment of the question, so that a hidden file
leaves the statistics together with its text. A word that is a stop word in any language of the
course, or in that of the question, is left out in all of them: "is" and "the" are rare in a
Spanish handout, and say nothing there either. A word that the course does not have counts as the
one most like it, as far as it is like it.

The rare terms pick the candidates, all terms score them: a term that stands everywhere says little
about which chunk to read, and reading all its postings is what takes the time.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Double, bindparam, text
from sqlalchemy.orm import Session

from app.materials.retrieval.likeness import most_alike
from app.materials.retrieval.normalisation import fold
from app.materials.retrieval.scope import Scope

K1 = 1.5
B = 0.75
LONGEST_QUESTION = 4_000
MOST_WORDS = 64
"""Different words of a question that are looked up; a pasted page has its first ones."""
PICKED = 500
"""Chunks that the rare terms pick at least, where so many hold any term."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the question in one configuration.

    `asked` is its inverse document frequency, and so is `weight`, by which chunks score, unless
    `term` is but the most similar one that the course has.
    """

    config: str
    word: str
    term: str
    found_in: int
    weight: float
    asked: float

    @property
    def is_alike(self) -> bool:
        """Whether the course has but a word like the asked one."""
        return self.weight != self.asked


class WordHit(NamedTuple):
    """A chunk that holds words of the question: BM25 score, and how much of the question it holds.

    `share` is the part of the question's weight (inverse document frequency) found in the chunk.
    `has_vector` tells whether it could be found by meaning too: vectors come in the chunks' order.
    """

    material: int
    chunk_index: int
    score: float
    share: float
    has_vector: bool


_TERMS = text(
    """
    with scope as materialized (
        select * from unnest(cast(:materials as uuid[]), cast(:configs as text[]))
            as given (material_id, config)
    ),
    words as materialized (
        select config, word, tsvector_to_array(to_tsvector(config::regconfig, word)) as terms
        from (
            select config from scope union select own from cast(:own as text) as own
            where own is not null
        ) as configs,
             unnest(cast(:words as text[])) as word
    ),
    asked as materialized (
        select config, min(word) as word, term
        from words, unnest(terms) as term
        where config in (select config from scope)
          and word not in (select word from words where cardinality(terms) = 0)
        group by config, term
    )
    select config, word, term, (
        select coalesce(sum(cardinality(chunk_indexes)), 0)
        from scope join chunk_postings using (material_id)
        where chunk_postings.term = asked.term and scope.config = asked.config
    )
    from asked
    """
)

# BM25 without its factor k1 + 1, which all scores have. `width_bucket` finds a chunk's place in a
# term's sorted chunks by halving.
_SCORE = text(
    """
    with asked as materialized (
        select * from unnest(
            cast(:term_configs as text[]), cast(:terms as text[]),
            cast(:weights as float8[]), cast(:picks as bool[])
        ) as given (config, term, weight, picks)
    ),
    postings as materialized (
        select material, chunk_indexes, term_counts, chunk_lengths, weight, picks
        from unnest(cast(:materials as uuid[]), cast(:configs as text[]))
            with ordinality as scope (material_id, config, material)
        join asked using (config)
        join chunk_postings using (material_id, term)
    ),
    picked as materialized (
        select material, chunk_index, sum(weight) as held,
               sum(weight * term_count / (term_count + :least + :each * chunk_length)) as score
        from postings, unnest(chunk_indexes, term_counts, chunk_lengths)
            as hit (chunk_index, term_count, chunk_length)
        where picks
        group by material, chunk_index
        order by score desc
        limit :picked
    ),
    common as (
        select material, chunk_index, sum(weight) as held,
               sum(weight * term_counts[place]
                   / (term_counts[place] + :least + :each * chunk_lengths[place])) as score
        from picked
        join postings using (material)
        cross join lateral (select width_bucket(chunk_index, chunk_indexes) as place) as found
        where not picks and chunk_indexes[place] = chunk_index
        group by material, chunk_index
    )
    select material - 1, chunk_index,
           picked.score + coalesce(common.score, 0) as whole,
           picked.held + coalesce(common.held, 0)
    from picked left join common using (material, chunk_index)
    order by whole desc, material, chunk_index
    limit :limit
    """
).bindparams(*(bindparam(name, type_=Double) for name in ("least", "each")))


def terms_of(session: Session, scope: Scope, question: str, language: str | None) -> list[Term]:
    """The question's terms, the rarest first, with their weights in this scope; without the small
    words of `language`, its configuration. A statement more where the materials lack one of them.
    """
    words = list(dict.fromkeys(fold(question[:LONGEST_QUESTION]).split()))[:MOST_WORDS]
    if not words or not scope.materials:
        return []
    asked = {"materials": scope.materials, "configs": scope.configs, "words": words}
    rows = session.execute(_TERMS, {**asked, "own": language}).all()
    unknown = [(config, term) for config, _, term, found_in in rows if not found_in]
    alike = most_alike(session, scope.materials, scope.configs, unknown)
    terms, asked_for = [], {(config, term) for config, _, term, found_in in rows if found_in}
    for config, word, term, found_in in rows:
        rarity = _rarity(scope.chunks, found_in)
        like = alike.get((config, term))
        if like and (config, like.term) not in asked_for:  # what is asked already counts once
            asked_for.add((config, like.term))
            weight = like.likeness * _rarity(scope.chunks, like.found_in)
            terms.append(Term(config, word, like.term, like.found_in, weight, asked=rarity))
        else:
            terms.append(Term(config, word, term, found_in, rarity, asked=rarity))
    return sorted(terms, key=lambda term: (term.found_in, term.term, term.config))


def search_words(
    session: Session, scope: Scope, terms: Sequence[Term], *, limit: int
) -> list[WordHit]:
    """The chunks in scope that hold the terms (of `terms_of`), best first."""
    found = [term for term in terms if term.found_in]
    if not found:
        return []
    rows = session.execute(
        _SCORE,
        {
            "materials": scope.materials,
            "configs": scope.configs,
            "term_configs": [term.config for term in found],
            "terms": [term.term for term in found],
            "weights": [term.weight for term in found],
            "picks": _picks(found),
            "least": K1 * (1 - B),
            "each": K1 * B / scope.usual_length,
            "picked": PICKED,
            "limit": limit,
        },
    ).all()  # at once: row by row takes as long as to find them
    weights = whole_weights(terms)
    whole = [weights.get(config, 0.0) for config in scope.configs]
    return [
        WordHit(material, index, score, held / whole[material], index < scope.embedded[material])
        for material, index, score, held in rows
    ]


def whole_weights(terms: Sequence[Term]) -> Mapping[str, float]:
    """The weight of the whole question in each configuration."""
    whole: dict[str, float] = {}
    for term in terms:
        whole[term.config] = whole.get(term.config, 0.0) + term.asked
    return whole


def _picks(terms: Sequence[Term]) -> list[bool]:
    """Which terms pick the candidates: the rarest of each configuration, until enough are found."""
    picked: dict[str, int] = {}
    picks = []
    for term in terms:
        so_far = picked.get(term.config, 0)
        picks.append(so_far < PICKED)
        picked[term.config] = so_far + term.found_in
    return picks


def _rarity(chunks: int, found_in: int) -> float:
    return math.log(1 + (chunks - found_in + 0.5) / (found_in + 0.5))
