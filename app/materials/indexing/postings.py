"""Writes the word index: terms made by PostgreSQL, for each term and material the chunks it is in.

`words` searches in it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from app.materials.retrieval.normalisation import fold
from models import ChunkPosting


@dataclass(frozen=True, slots=True)
class IndexedTerms:
    """What the word index holds of a material: the terms in each chunk, in order, and their sum."""

    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


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
