"""From a file to what search reads, in steps that each can be run again.

Words first: pages, chunks and postings come in one transaction, after which the material is
searchable and citable. Vectors follow in page order, a batch at a time, each in its own
transaction. No transaction is held while a file is read or a model works.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from app.deferral import defer
from app.llm.profiles import EmbeddingProfile
from app.materials.catalogue import set_details
from app.materials.chunking import ChunkDraft, chunk_pages
from app.materials.extraction import Extraction
from app.materials.language import text_configuration
from app.materials.postings import write_postings
from app.materials.vectors import store_vector
from models import (
    ChunkVector,
    Course,
    CourseMaterial,
    FileType,
    IndexingStatus,
    MaterialChunk,
    MaterialPage,
    now,
)

log = logging.getLogger("coursellm.materials")

BATCH = 16
EMBEDDING_LOCK = "materials:embedding"
"""Batches run one after another: the embedded server takes one request at a time anyway."""
EMBEDDING_PRIORITY = -100


@dataclass(frozen=True, slots=True)
class ToRead:
    """A file to be read: where it lies and what the teacher called it."""

    storage_path: str
    name: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Chunks that want vectors: their ids, and the texts to embed, in the same order."""

    chunk_ids: list[uuid.UUID]
    texts: list[str]


def begin_reading(session: Session, material_id: uuid.UUID) -> ToRead | None:
    """Marks the material as being read; None if there is nothing to read (any more)."""
    material = _locked(session, material_id)
    if material is None or material.indexing_status is IndexingStatus.COMPLETED:
        return None
    if material.chunk_count:
        material.indexing_status = IndexingStatus.PROCESSING
        embed_soon(session, material.course_id)
        return None
    material.indexing_status = IndexingStatus.PROCESSING
    return ToRead(material.storage_path, str((material.details or {}).get("name", "")))


def store_words(
    session: Session, material_id: uuid.UUID, found: Extraction, chunks: Sequence[ChunkDraft]
) -> None:
    """Replaces everything that is known of the material's text, and has its vectors made."""
    material = _locked(session, material_id)
    if material is None:
        return
    _forget_text(session, material_id)
    material.search_config = _search_config(session, material, found)
    _insert_pages(session, material_id, found)
    terms = write_postings(
        session, material_id, material.search_config, [indexed_text(chunk) for chunk in chunks]
    )
    _insert_chunks(session, material_id, chunks, terms.counts)
    material.file_type = FileType(found.file_type)
    material.page_count = found.page_count
    material.chunk_count, material.term_total = len(chunks), terms.total
    material.embedded_count = 0
    set_details(
        material,
        reason=None,
        words_at=now().isoformat(),
        without_text=found.without_text or None,
        hidden_slides=found.details.get("hidden_slides"),
    )
    embed_soon(session, material.course_id)
    session.flush()


def indexed_text(chunk: ChunkDraft | MaterialChunk) -> str:
    """What words and vectors are made of: the chunk with the heading that it stands under."""
    if not chunk.heading or chunk.content.startswith(chunk.heading):
        return chunk.content
    return f"{chunk.heading}\n{chunk.content}"


def mark_failed(session: Session, material_id: uuid.UUID, reason: str) -> None:
    """The material failed; `reason` is a sentence for the teacher."""
    material = _locked(session, material_id)
    if material is not None:
        material.indexing_status = IndexingStatus.FAILED
        set_details(material, reason=reason)


def embed_soon(session: Session, course_id: uuid.UUID, **when: Any) -> None:
    """Queues the next batch of the course. A course is in the queue once, however many files it
    has: so courses take turns."""
    defer(
        session,
        "materials:embed_chunks",
        queue="materials",
        priority=EMBEDDING_PRIORITY,
        lock=EMBEDDING_LOCK,
        queueing_lock=f"embed:{course_id}",
        course_id=str(course_id),
        **when,
    )


def next_batch(session: Session, course_id: uuid.UUID, profile: EmbeddingProfile) -> Batch:
    """The next chunks of the course without a vector of this model, in page order.

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
    """Keeps a batch's vectors; chunks that are gone meanwhile are left out."""
    by_id = dict(zip(batch.chunk_ids, vectors, strict=True))
    chunks = session.scalars(
        select(MaterialChunk).where(MaterialChunk.chunk_id.in_(batch.chunk_ids))
    ).all()
    for chunk in chunks:
        store_vector(session, course_id, chunk, by_id[chunk.chunk_id], model)
    for material_id in {chunk.material_id for chunk in chunks}:
        _count_vectors(session, material_id, model)


def materials_of(session: Session, batch: Batch) -> list[uuid.UUID]:
    """The materials that a batch's chunks belong to."""
    chunk = MaterialChunk
    query = select(chunk.material_id).where(chunk.chunk_id.in_(batch.chunk_ids)).distinct()
    return list(session.scalars(query))


def finish_course(session: Session, course_id: uuid.UUID, profile: EmbeddingProfile) -> None:
    """Marks as completed what needs no more vectors; without an embedding model, everything."""
    materials = session.scalars(select(CourseMaterial).where(_unfinished(course_id)))
    for material in materials:
        if profile.is_connected and material.embedded_count < material.chunk_count:
            continue
        _complete(material)


def _complete(material: CourseMaterial) -> None:
    material.indexing_status = IndexingStatus.COMPLETED
    material.indexed_at = now()
    set_details(material, reason=None)


def _count_vectors(session: Session, material_id: uuid.UUID, model: str) -> None:
    material = session.get_one(CourseMaterial, material_id)
    material.embedded_count = (
        session.scalar(
            select(func.count()).where(
                ChunkVector.material_id == material_id, ChunkVector.model == model
            )
        )
        or 0
    )
    if material.embedded_count >= material.chunk_count:
        _complete(material)


def _unfinished(course_id: uuid.UUID) -> ColumnElement[bool]:
    return (
        (CourseMaterial.course_id == course_id)
        & (CourseMaterial.indexing_status == IndexingStatus.PROCESSING)
        & (CourseMaterial.chunk_count > 0)
    )


def _lacks(model: str) -> ColumnElement[bool]:
    return MaterialChunk.embedding_model.is_distinct_from(model)


def _locked(session: Session, material_id: uuid.UUID) -> CourseMaterial | None:
    return session.get(CourseMaterial, material_id, with_for_update=True)


def _forget_text(session: Session, material_id: uuid.UUID) -> None:
    for table in (MaterialPage, MaterialChunk):
        session.execute(delete(table).where(table.material_id == material_id))


def _search_config(session: Session, material: CourseMaterial, found: Extraction) -> str:
    """The language of the text, else the course's. The middle says more than a title page."""
    middle = found.pages[len(found.pages) // 3 :]
    sample = " ".join(page.text for page in middle[:20])
    course = session.get_one(Course, material.course_id)
    return text_configuration(sample) or course.search_config


def _insert_pages(session: Session, material_id: uuid.UUID, found: Extraction) -> None:
    session.execute(
        insert(MaterialPage),
        [
            {
                "material_id": material_id,
                "number": page.number,
                "label": page.label,
                "heading": page.heading,
                "content": page.text,
            }
            for page in found.pages
        ],
    )


def _insert_chunks(
    session: Session,
    material_id: uuid.UUID,
    chunks: Sequence[ChunkDraft],
    term_counts: Sequence[int],
) -> None:
    session.execute(
        insert(MaterialChunk),
        [
            {
                "chunk_id": uuid.uuid4(),
                "material_id": material_id,
                "chunk_index": chunk.index,
                "content": chunk.content,
                "start_page": chunk.start_page,
                "end_page": chunk.end_page,
                "page_starts": list(chunk.page_starts),
                "heading": chunk.heading,
                "token_count": chunk.token_count,
                "term_count": terms,
            }
            for chunk, terms in zip(chunks, term_counts, strict=True)
        ],
    )


def chunks_of(found: Extraction) -> list[ChunkDraft]:
    """The chunks of what was read."""
    return chunk_pages(found.pages, markdown=found.file_type == "md")
