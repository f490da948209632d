"""The word index: terms made by PostgreSQL, postings per material, BM25 in one statement.

BM25 after Robertson & Zaragoza (2009). Document frequencies and lengths are those of the materials
that the asker may see, summed at the moment of the question, so that a hidden file leaves the
statistics together with its text. A word that is a stop word in any language of the course is left
out in all of them: "is" and "the" are rare in a Spanish handout, and say nothing there either.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Double, bindparam, delete, text
from sqlalchemy.orm import Session

from app.materials.normalisation import fold
from app.materials.visibility import FINDABLE, parameters
from models import ChunkPosting

K1 = 1.5
B = 0.75
LONGEST_QUESTION = 4_000


@dataclass(frozen=True, slots=True)
class IndexedTerms:
    """What the word index holds of a material: the terms in each chunk, in order, and their sum."""

    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class WordHit:
    """A chunk that holds words of the question: BM25 score, and how much of the question it holds.

    `share` is the part of the question's weight (inverse document frequency) found in the chunk.
    `has_vector` tells whether it could be found by meaning too: vectors come in the chunks' order.
    """

    material_id: uuid.UUID
    chunk_index: int
    score: float
    share: float
    has_vector: bool


_WRITE = text(
    """
    with chunks as (
        select ordinality - 1 as chunk_index,
               to_tsvector(cast(:config as regconfig), folded) as terms
        from unnest(cast(:texts as text[])) with ordinality as given (folded, ordinality)
    ),
    counted as (
        select chunk_index, term.lexeme, cardinality(term.positions) as term_count,
               sum(cardinality(term.positions)) over (partition by chunk_index) as chunk_length
        from chunks, unnest(chunks.terms) as term
    ),
    written as (
        insert into chunk_postings
            (material_id, term, chunk_indexes, term_counts, chunk_lengths)
        select :material_id, lexeme, array_agg(chunk_index order by chunk_index),
               array_agg(term_count order by chunk_index),
               array_agg(chunk_length order by chunk_index)
        from counted group by lexeme
    )
    select chunk_index, max(chunk_length) from counted group by chunk_index
    """
)

_SEARCH = text(
    f"""
    with visible as materialized (
        select material_id, chunk_count, embedded_count, term_total, search_config
        from course_materials
        where course_id = :course_id and {FINDABLE}
    ),
    corpus as (
        -- float8 throughout: arithmetic on numeric takes ten times as long
        select sum(chunk_count)::float8 as chunks,
               greatest(sum(term_total)::float8 / sum(chunk_count), 1) as usual_length
        from visible
    ),
    words as materialized (
        select search_config, word, tsvector_to_array(to_tsvector(search_config::regconfig, word))
               as terms
        from (select distinct search_config from visible) as configs,
             unnest(string_to_array(:question, ' ')) as word
    ),
    asked as materialized (
        select distinct search_config, unnest(terms) as term
        from words
        where word not in (select word from words where cardinality(terms) = 0)
    ),
    postings as materialized (
        select p.*, search_config
        from asked
        join visible using (search_config)
        join chunk_postings as p on p.material_id = visible.material_id and p.term = asked.term
    ),
    weights as materialized (
        select search_config, term,
               ln(1 + (corpus.chunks - coalesce(found.chunks, 0) + 0.5::float8)
                      / (coalesce(found.chunks, 0) + 0.5::float8)) as weight
        from asked
        cross join corpus
        left join (
            select search_config, term, sum(cardinality(chunk_indexes))::float8 as chunks
            from postings group by search_config, term
        ) as found using (search_config, term)
    ),
    scored as (
        select p.material_id, hit.chunk_index,
               sum(weight * hit.term_count * (:k1 + 1)
                   / (hit.term_count
                      + :k1 * (1 - :b + :b * hit.chunk_length / usual_length))) as score,
               sum(weight) as held
        from postings as p
        join weights using (search_config, term)
        cross join corpus
        cross join unnest(p.chunk_indexes, p.term_counts, p.chunk_lengths)
            as hit (chunk_index, term_count, chunk_length)
        group by p.material_id, hit.chunk_index
    ),
    best as (
        select * from scored order by score desc, material_id, chunk_index limit :limit
    )
    select material_id, chunk_index, score, held / whole, chunk_index < embedded_count
    from best
    join visible using (material_id)
    join (select search_config, sum(weight) as whole from weights group by search_config) as sums
        using (search_config)
    order by score desc, material_id, chunk_index
    """  # noqa: S608  (what goes in is ours)
).bindparams(bindparam("k1", type_=Double), bindparam("b", type_=Double))


def write_postings(
    session: Session, material_id: uuid.UUID, search_config: str, texts: Sequence[str]
) -> IndexedTerms:
    """Replaces the material's postings by those of `texts`, one for each chunk in order."""
    session.execute(delete(ChunkPosting).where(ChunkPosting.material_id == material_id))
    rows = session.execute(
        _WRITE,
        {
            "config": search_config,
            "texts": [fold(text_) for text_ in texts],
            "material_id": material_id,
        },
    )
    counts = {index: int(length) for index, length in rows}
    return IndexedTerms([counts.get(index, 0) for index in range(len(texts))])


def search_words(
    session: Session, course_id: uuid.UUID, question: str, *, see_hidden: bool, limit: int
) -> list[WordHit]:
    """The chunks of the course that hold words of the question, best first."""
    rows = session.execute(
        _SEARCH,
        {
            "course_id": course_id,
            "question": fold(question[:LONGEST_QUESTION]),
            **parameters(see_hidden),
            "k1": K1,
            "b": B,
            "limit": limit,
        },
    )
    return [WordHit(*row) for row in rows]
