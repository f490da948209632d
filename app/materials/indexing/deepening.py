"""The second step of indexing: vectors, in page order, a batch at a time.

Each batch is kept in a transaction of its own, together with the job that makes the next one; none
is held while the model works. Courses take turns, and so do the files of a course.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import ColumnElement, cast, false, func, select
from sqlalchemy.orm import Session

from app.deferral import defer, under_way
from app.llm.profiles import EmbeddingProfile
from app.materials.catalogue import read_soon, reading_of, set_details
from app.materials.indexing.chunking import ChunkDraft
from app.materials.retrieval.vectors import store_vector
from app.materials.visibility import visible
from models import ChunkVector, Course, CourseMaterial, IndexingStatus, MaterialChunk, now

BATCH = 16
EMBEDDING_LOCK = "materials:embedding"
"""Batches run one after another: the embedded server takes one request at a time anyway."""
EMBEDDING_PRIORITY = -100
OVERDUE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Batch:
    """Chunks that want vectors: their ids, and the texts to embed, in the same order."""

    chunk_ids: list[uuid.UUID]
    texts: list[str]


def indexed_text(chunk: ChunkDraft | MaterialChunk) -> str:
    """What words and vectors are made of: the chunk with the heading that it stands under."""
    if not chunk.heading or chunk.content.startswith(chunk.heading):
        return chunk.content
    return f"{chunk.heading}\n{chunk.content}"


def embed_soon(
    session: Session, course_id: uuid.UUID, *, is_patient: bool = False, **when: Any
) -> None:
    """Queues the next batch of the course. A course is in the queue once, however many files it
    has: so courses take turns. One that is patient (it moves to another model, or its model did
    not answer) comes after the others, and holds none of them up."""
    defer(
        session,
        "materials:embed_chunks",
        queue="materials",
        priority=EMBEDDING_PRIORITY - is_patient,
        lock=EMBEDDING_LOCK,
        queueing_lock=f"embed:{course_id}",
        course_id=str(course_id),
        **when,
    )


def next_batch(session: Session, course_id: uuid.UUID, profile: EmbeddingProfile) -> Batch:
    """The next chunks of unfinished files without a vector of this model, in page order.

    Files take turns: the one of which least is done comes first. An empty batch: all is done.
    """
    material_id = session.scalar(
        select(CourseMaterial.material_id)
        .where(
            _unfinished(course_id),
            select(MaterialChunk.chunk_id)
            .where(MaterialChunk.material_id == CourseMaterial.material_id, _lacks(profile.name))
            .exists(),
        )
        .order_by(CourseMaterial.embedded_count, CourseMaterial.upload_date)
        .limit(1)
    )
    return batch_of(session, material_id, profile)


def batch_of(session: Session, material_id: uuid.UUID | None, profile: EmbeddingProfile) -> Batch:
    """The next chunks of a file without a vector of this model; empty without a file."""
    if material_id is None:
        return Batch([], [])
    chunks = session.scalars(
        select(MaterialChunk)
        .where(MaterialChunk.material_id == material_id, _lacks(profile.name))
        .order_by(MaterialChunk.chunk_index)
        .limit(BATCH)
    ).all()
    return Batch([chunk.chunk_id for chunk in chunks], [indexed_text(chunk) for chunk in chunks])


def store_vectors(
    session: Session,
    course_id: uuid.UUID,
    batch: Batch,
    vectors: Sequence[Sequence[float]],
    model: str,
) -> None:
    """Keeps a batch's vectors; chunks that are gone meanwhile are left out.

    The first vectors of a course say which model's it has. The file is held, so that its text is
    not written anew in between.
    """
    held = select(CourseMaterial.material_id).where(
        CourseMaterial.material_id.in_(materials_of(session, batch))
    )
    session.execute(held.order_by(CourseMaterial.material_id).with_for_update())
    by_id = dict(zip(batch.chunk_ids, vectors, strict=True))
    chunks = session.scalars(
        select(MaterialChunk).where(MaterialChunk.chunk_id.in_(batch.chunk_ids))
    ).all()
    if not chunks:
        return
    for chunk in chunks:
        store_vector(session, course_id, chunk, by_id[chunk.chunk_id], model)
    course = session.get_one(Course, course_id)
    course.embedding_model = course.embedding_model or model
    if model == course.embedding_model:
        _count_vectors(session, {chunk.material_id for chunk in chunks}, model)


def finish_course(session: Session, course_id: uuid.UUID, profile: EmbeddingProfile) -> None:
    """Marks as completed what needs no more vectors; without an embedding model, everything."""
    materials = session.scalars(select(CourseMaterial).where(_unfinished(course_id)))
    for material in materials:
        if profile.is_connected and material.embedded_count < material.chunk_count:
            continue
        complete(material)


def queue_unfinished(session: Session) -> None:
    """Queues what is unfinished. What waits in the queue already is not queued twice."""
    waiting = select(CourseMaterial).where(
        CourseMaterial.indexing_status == IndexingStatus.PENDING,
        CourseMaterial.upload_date < now() - OVERDUE,
        visible(see_hidden=True),
    )
    for material in session.scalars(waiting):
        read_soon(session, material)
    _queue_broken_off(session)
    courses = select(CourseMaterial.course_id).where(
        CourseMaterial.indexing_status == IndexingStatus.PROCESSING,
        CourseMaterial.chunk_count > 0,
        visible(see_hidden=True),
    )
    for course_id in session.scalars(courses.distinct()):
        embed_soon(session, course_id)
    moving = select(Course.course_id).where(Course.next_embedding_model.is_not(None))
    for course_id in session.scalars(moving):
        embed_soon(session, course_id, is_patient=True)


def _queue_broken_off(session: Session) -> None:
    """Queues files whose reading began and whose job was lost. Those with pictures to be read are
    `recognising`'s."""
    begun = session.scalars(
        select(CourseMaterial).where(
            CourseMaterial.indexing_status == IndexingStatus.PROCESSING,
            CourseMaterial.chunk_count == 0,
            func.coalesce(CourseMaterial.details["recognising"].as_boolean(), false()).is_(False),
            visible(see_hidden=True),
        )
    ).all()
    busy = under_way(session, [reading_of(material.material_id) for material in begun])
    for material in begun:
        if reading_of(material.material_id) not in busy:
            read_soon(session, material)


def materials_of(session: Session, batch: Batch) -> list[uuid.UUID]:
    """The materials that a batch's chunks belong to."""
    chunk = MaterialChunk
    query = select(chunk.material_id).where(chunk.chunk_id.in_(batch.chunk_ids)).distinct()
    return list(session.scalars(query))


def complete(material: CourseMaterial) -> None:
    """All that search wants of the file is there."""
    material.indexing_status = IndexingStatus.COMPLETED
    material.indexed_at = now()
    set_details(material, reason=None)


def made_vectors(
    session: Session, model: str, of: ColumnElement[bool]
) -> dict[uuid.UUID, tuple[int, list[float]]]:
    """By material: how many vectors of the model it has, and their sum."""
    total = func.sum(cast(ChunkVector.embedding, VECTOR))
    rows = session.execute(
        select(ChunkVector.material_id, func.count(), total)
        .where(of, ChunkVector.model == model)
        .group_by(ChunkVector.material_id)
    )
    return {material_id: (count, total) for material_id, count, total in rows}


def _count_vectors(session: Session, materials: Collection[uuid.UUID], model: str) -> None:
    made = made_vectors(session, model, ChunkVector.material_id.in_(materials))
    for material_id, counted in made.items():
        material = session.get_one(CourseMaterial, material_id)
        material.embedded_count, material.vector_sum = counted
        if material.embedded_count >= material.chunk_count:
            complete(material)


def _unfinished(course_id: uuid.UUID) -> ColumnElement[bool]:
    return (
        (CourseMaterial.course_id == course_id)
        & (CourseMaterial.indexing_status == IndexingStatus.PROCESSING)
        & (CourseMaterial.chunk_count > 0)
        & visible(see_hidden=True)
    )


def _lacks(model: str) -> ColumnElement[bool]:
    has = select(ChunkVector.chunk_id).where(
        ChunkVector.chunk_id == MaterialChunk.chunk_id, ChunkVector.model == model
    )
    return ~has.exists()
