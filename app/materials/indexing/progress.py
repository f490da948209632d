"""How far courses are with their vectors: which model they have, which one they move to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.materials.visibility import visible
from models import ChunkVector, Course, CourseMaterial


@dataclass(frozen=True, slots=True)
class Progress:
    """A course that has text, or had some: its chunks, and of how many `target` made vectors."""

    course_id: uuid.UUID
    name: str
    model: str | None
    """Whose vectors are searched; None: it has none."""
    moves_to: str | None
    target: str
    chunks: int
    done: int

    @property
    def is_done(self) -> bool:
        return self.moves_to is None and self.model == self.target and self.done >= self.chunks


def progress_of(
    session: Session, target: str, course_ids: Sequence[uuid.UUID] | None = None
) -> list[Progress]:
    """Courses that have text (these, else all), in the order of their names: how many of their
    chunks have a vector of the model that they move to, else of `target`. Those whose text is all
    deleted too, as long as they have a model: questions in them are embedded by it."""
    chunks = (
        select(CourseMaterial.course_id, func.sum(CourseMaterial.chunk_count).label("count"))
        .where(CourseMaterial.chunk_count > 0, visible(see_hidden=True))
        .group_by(CourseMaterial.course_id)
        .subquery()
    )
    wanted = func.coalesce(Course.next_embedding_model, target)
    done = (
        select(func.count())
        .select_from(ChunkVector)
        .join(CourseMaterial, CourseMaterial.material_id == ChunkVector.material_id)
        .where(
            ChunkVector.course_id == Course.course_id,
            ChunkVector.model == wanted,
            visible(see_hidden=True),
        )
        .correlate(Course)
        .scalar_subquery()
    )
    has_model = func.coalesce(Course.embedding_model, Course.next_embedding_model).is_not(None)
    name = case((Course.course_code == "", Course.course_name), else_=Course.course_code)
    query = (
        select(
            Course.course_id,
            name,
            Course.embedding_model,
            Course.next_embedding_model,
            wanted,
            func.coalesce(chunks.c.count, 0),
            done,
        )
        .outerjoin(chunks, chunks.c.course_id == Course.course_id)
        .where(chunks.c.count.is_not(None) | has_model)
        .order_by(name, Course.course_id)
    )
    if course_ids is not None:
        query = query.where(Course.course_id.in_(course_ids))
    return [Progress(*row) for row in session.execute(query)]
