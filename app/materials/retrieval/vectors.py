"""Vectors: the stored truth on the chunk, the narrow copy that is searched, and the search itself.

Exact search inside one course. There is no approximate index on purpose: over many courses of one
subject it silently loses what it should find.
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


class VectorHit(NamedTuple):
    """A chunk near the question; `cosine` is 1 for the same direction."""

    material: int
    chunk_index: int
    cosine: float


# The question's vector stands in a sub-select: otherwise it is cast anew for every row. Material
# by material (`offset 0` keeps it so): otherwise a large course has the table read from end to end.
_NEAREST = text(
    """
    select material - 1, chunk_index, -distance
    from unnest(cast(:materials as uuid[])) with ordinality as scope (id, material)
    cross join lateral (
        select chunk_index,
               embedding <#> (select cast(:question as halfvec)) as distance
        from chunk_vectors
        where material_id = scope.id and model = :model
        offset 0
    ) as its
    order by distance, material, chunk_index
    limit :limit
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
    """The chunks in scope nearest to the question's vector, best first."""
    rows = session.execute(
        _NEAREST,
        {
            "question": _as_text(_unit(question)),
            "materials": scope.materials,
            "model": scope.model,
            "limit": limit,
        },
    )
    return [VectorHit(*row) for row in rows]


def _unit(vector: Sequence[float]) -> list[float]:
    """The vector at length 1, so that the inner product is the cosine."""
    length = math.hypot(*vector)
    return [value / length for value in vector] if length else list(vector)


def _as_text(vector: Sequence[float]) -> str:
    """As PostgreSQL reads it; six digits are more than half precision keeps."""
    return ("[" + ",".join(["%.6g"] * len(vector)) + "]") % tuple(vector)
