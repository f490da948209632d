"""Moves a course from one embedding model to another without search going dark.

The new vectors are made beside the old ones, by the job that makes all vectors. Until the last one
is there, questions are embedded by the old model and compared with its vectors, and so are files
that come in meanwhile. Then one transaction changes over; the old vectors are removed after it.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.deferral import defer
from app.llm.profiles import EmbeddingProfile, embedding_profile_of
from app.materials.indexing.deepening import (
    Batch,
    batch_of,
    complete,
    finish_course,
    made_vectors,
    next_batch,
)
from app.materials.retrieval.scope import embedding_of
from app.materials.visibility import visible
from models import ChunkVector, Course, CourseMaterial, IndexingStatus, now

OLD_ONES_STAY = timedelta(minutes=2)
"""For searches that began before the change."""
_NONE: tuple[int, list[float] | None] = (0, None)


@dataclass(frozen=True, slots=True)
class Work:
    """Vectors to be made: of which texts, by which model, and whether for a move alone; whether the
    course moves at all."""

    batch: Batch
    profile: EmbeddingProfile
    is_move: bool
    is_course_moving: bool


def next_work(session: Session, course_id: uuid.UUID, *, only_move: bool = False) -> Work | None:
    """What is to be embedded next in the course; if nothing, a move is brought to its end.

    New files come first, by the model that the course is searched by; with `only_move` they are
    left out: that model does not answer, and they are found by meaning when the move has ended.
    """
    course = session.get(Course, course_id, with_for_update={"key_share": True})
    if course is None:
        return None
    searched = embedding_of(session, course_id)
    is_moving = course.next_embedding_model is not None
    if not only_move and (searched.is_connected or not is_moving):
        finish_course(session, course_id, searched)
        batch = next_batch(session, course_id, searched)
        if batch.chunk_ids:
            return Work(batch, searched, is_move=False, is_course_moving=is_moving)
    if course.next_embedding_model is None:
        return None
    profile = embedding_profile_of(course.next_embedding_model)
    batch = batch_of(session, _next_material(session, course_id, profile.name), profile)
    if batch.chunk_ids:
        return Work(batch, profile, is_move=True, is_course_moving=True)
    _change_over(session, course, profile.name)
    return None


def begin_move(session: Session, course_id: uuid.UUID, model: str) -> None:
    """Has all vectors of the course made by this model, and what is there already kept. To the
    model that the course has, a move that was under way is called off.

    Once this is committed, `embed_soon` sets to work at once; else the next sweep does.
    """
    course = session.get_one(Course, course_id, with_for_update={"key_share": True})
    course.next_embedding_model = model
    session.flush()


def forget_old_vectors(session: Session, course_id: uuid.UUID) -> None:
    """Removes the vectors that neither search nor a move wants any more."""
    course = session.get(Course, course_id, with_for_update={"key_share": True})
    if course is None or course.embedding_model is None:
        return
    wanted = [course.embedding_model, course.next_embedding_model or course.embedding_model]
    session.execute(
        delete(ChunkVector).where(
            ChunkVector.course_id == course_id, ChunkVector.model.not_in(wanted)
        )
    )


def _next_material(session: Session, course_id: uuid.UUID, model: str) -> uuid.UUID | None:
    """A file of the course that has not all vectors of the model."""
    made = (
        select(ChunkVector.material_id, func.count().label("count"))
        .where(ChunkVector.course_id == course_id, ChunkVector.model == model)
        .group_by(ChunkVector.material_id)
        .subquery()
    )
    return session.scalar(
        select(CourseMaterial.material_id)
        .outerjoin(made, made.c.material_id == CourseMaterial.material_id)
        .where(
            CourseMaterial.course_id == course_id,
            visible(see_hidden=True),
            func.coalesce(made.c.count, 0) < CourseMaterial.chunk_count,
        )
        .order_by(CourseMaterial.position, CourseMaterial.upload_date)
        .limit(1)
    )


def _change_over(session: Session, course: Course, model: str) -> None:
    """From now on the new vectors are searched. What was deleted has none; should it be brought
    back, it is unfinished."""
    course.embedding_model, course.next_embedding_model = model, None
    made = made_vectors(session, model, ChunkVector.course_id == course.course_id)
    for material in session.scalars(
        select(CourseMaterial)
        .where(CourseMaterial.course_id == course.course_id, CourseMaterial.chunk_count > 0)
        .with_for_update()
    ):
        material.embedded_count, material.vector_sum = made.get(material.material_id, _NONE)
        if material.embedded_count < material.chunk_count:
            material.indexing_status = IndexingStatus.PROCESSING
        elif material.indexing_status is not IndexingStatus.COMPLETED:
            complete(material)
    defer(
        session,
        "materials:forget_old_vectors",
        queue="materials",
        queueing_lock=f"forget:{course.course_id}",
        schedule_at=now() + OLD_ONES_STAY,
        course_id=str(course.course_id),
    )
