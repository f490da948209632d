"""Vectors: the stored truth on the chunk, the narrow copy that is searched, and the search itself.

Exact search inside one course. There is no approximate index on purpose: over many courses of one
subject it silently loses what it should find.

A part of the mean of all vectors in scope is taken from the question's. What a course's passages
have in common tells none of them apart, and passages in the middle of all are near to every
question (hubs; Suzuki et al. 2013, "Centering similarity measures to reduce hubs"; all-but-the-top,
Mu & Viswanath 2018).
"""

import math
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from pgvector import HalfVector, Vector
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.materials.retrieval.scope import Scope
from models import ChunkVector, MaterialChunk

STORED_DIMENSIONS = 1536
COMMON_PART = 0.2
"""Of the mean vector: from .1 to .25 questions find the same (`bench/README.md`)."""


class VectorHit(NamedTuple):
    """A chunk near the question; `cosine` is 1 for the same direction. `score`, by which hits are
    ordered, is that of the question less a part of what all chunks have in common."""

    material: int
    chunk_index: int
    cosine: float
    score: float


# The question's vector stands in a sub-select: otherwise it is cast anew for every row. Material
# by material (`offset 0` keeps it so): otherwise a large course has the table read from end to end.
# Sums of another model (the course moved this moment) are left alone.
_NEAREST = text(
    """
    with common as (
        select sum(vector_sum) * cast(
            array_fill(
                cast(cast(:part as float8) / sum(embedded_count) as real),
                array[max(vector_dims(vector_sum))]
            ) as vector
        ) as part
        from course_materials join courses using (course_id)
        where material_id = any(cast(:materials as uuid[]))
          and embedding_model = :model and vector_sum is not null
        having count(*) > 0
    ),
    asked as materialized (
        select cast(coalesce(whole - (select part from common), whole) as halfvec) as centred
        from cast(:question as vector) as whole
    ),
    near as materialized (
        select material, row, chunk_index, distance
        from unnest(cast(:materials as uuid[])) with ordinality as scope (id, material)
        cross join lateral (
            select ctid as row, chunk_index, embedding <#> (select centred from asked) as distance
            from chunk_vectors
            where material_id = scope.id and model = :model
            offset 0
        ) as its
        order by distance, material, chunk_index
        limit :limit
    )
    select material - 1, near.chunk_index, -opposite, -distance
    from near cross join lateral (
        select embedding <#> (select cast(:question as halfvec)) as opposite
        from chunk_vectors
        where ctid = near.row
        offset 0
    ) as its
    order by distance, material, chunk_index
    """
)


def store_vector(
    session: Session,
    course_id: uuid.UUID,
    chunk: MaterialChunk,
    vector: Sequence[float],
    model: str,
) -> None:
    """Keeps the vector of a chunk, whole and as the copy for search; again does no harm."""
    unit = _unit(vector)
    padded = [*unit, *[0.0] * (STORED_DIMENSIONS - len(unit))]
    session.execute(
        update(MaterialChunk)
        .where(MaterialChunk.chunk_id == chunk.chunk_id)
        .values(embedding_vector=Vector(padded), embedding_model=model)
    )
    copy = {"embedding": HalfVector(unit)}
    where = {
        "model": model,
        "course_id": course_id,
        "material_id": chunk.material_id,
        "chunk_index": chunk.chunk_index,
    }
    session.execute(
        insert(ChunkVector)
        .values(chunk_id=chunk.chunk_id, **where, **copy)
        .on_conflict_do_update(index_elements=["chunk_id", "model"], set_=copy)
    )


def nearest(
    session: Session, scope: Scope, question: Sequence[float], *, limit: int
) -> list[VectorHit]:
    """The chunks in scope nearest to the question's vector, best first by `score`."""
    rows = session.execute(
        _NEAREST,
        {
            "question": _as_text(_unit(question)),
            "materials": scope.materials,
            "model": scope.model,
            "part": COMMON_PART,
            "limit": limit,
        },
    ).all()
    return [VectorHit(*row) for row in rows]


def _unit(vector: Sequence[float]) -> list[float]:
    """The vector at length 1, so that the inner product is the cosine."""
    length = math.hypot(*vector)
    return [value / length for value in vector] if length else list(vector)


def _as_text(vector: Sequence[float]) -> str:
    """As PostgreSQL reads it; six digits are more than half precision keeps."""
    return ("[" + ",".join(["%.6g"] * len(vector)) + "]") % tuple(vector)
