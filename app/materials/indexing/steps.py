"""From a file to what search reads, in steps that each can be run again.

Words first: pages, chunks and postings come in one transaction, after which the material is
searchable and citable. Vectors follow in page order, a batch at a time, each in its own
transaction. No transaction is held while a file is read or a model works.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.llm.profiles import embedding_profile
from app.materials.catalogue import set_details
from app.materials.indexing.chunking import ChunkDraft, chunk_pages
from app.materials.indexing.deepening import embed_soon, indexed_text
from app.materials.indexing.extraction import Extraction
from app.materials.indexing.postings import write_postings
from app.materials.indexing.tokens import counter_of
from app.materials.retrieval.language import text_configuration
from app.materials.versions import hold, take_over
from models import (
    Course,
    CourseMaterial,
    FileType,
    IndexingStatus,
    MaterialChunk,
    MaterialPage,
    now,
)


@dataclass(frozen=True, slots=True)
class ToRead:
    """A file to be read: where it lies and what the teacher called it."""

    storage_path: str
    name: str


def begin_reading(session: Session, material_id: uuid.UUID) -> ToRead | None:
    """Marks the material as being read; None if there is nothing to read (any more)."""
    material = _locked(session, material_id)
    if (
        material is None
        or material.deleted_at
        or (material.indexing_status is IndexingStatus.COMPLETED)
    ):
        return None
    if material.chunk_count:
        material.indexing_status = IndexingStatus.PROCESSING
        embed_soon(session, material.course_id)
        return None
    material.indexing_status = IndexingStatus.PROCESSING
    details = material.details or {}
    if details.get("recognising"):  # it was read, and found to be pictures: that job reads it all
        return None
    return ToRead(material.storage_path, str(details.get("name", "")))


def begin_recognition(session: Session, material_id: uuid.UUID) -> ToRead | None:
    """The file whose pictures are to be read; None if that is over, or it is gone."""
    material = _locked(session, material_id)
    if material is None or material.deleted_at or not (material.details or {}).get("recognising"):
        return None
    return ToRead(material.storage_path, str((material.details or {}).get("name", "")))


def end_recognition(session: Session, material_id: uuid.UUID, sentence: str) -> None:
    """Nothing was recognised: the other pages stay as they are, without any the file failed."""
    material = _locked(session, material_id)
    if material is None:
        return
    pages = select(MaterialPage.number).where(
        MaterialPage.material_id == material_id, func.trim(MaterialPage.content) == ""
    )
    without_text = list(session.scalars(pages.order_by(MaterialPage.number)))
    set_details(material, recognising=None, without_text=without_text or None)
    if not material.chunk_count:
        mark_failed(session, material_id, sentence)


def store_words(
    session: Session, material_id: uuid.UUID, found: Extraction, chunks: Sequence[ChunkDraft]
) -> None:
    """Replaces everything that is known of the material's text, and has its vectors made."""
    hold(session, [material_id])
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
    material.embedded_count, material.vector_sum = 0, None
    material.indexing_status = IndexingStatus.PROCESSING
    set_details(
        material,
        reason=None,
        recognising=None,
        words_at=now().isoformat(),
        without_text=found.without_text or None,
        media_type=found.media_type,
        recognised_pages=found.details.get("recognised_pages"),
        hidden_slides=found.details.get("hidden_slides"),
    )
    take_over(session, material)
    embed_soon(session, material.course_id)
    session.flush()


def keep_unread(session: Session, material_id: uuid.UUID, sentence: str, media_type: str) -> None:
    """Keeps a file of a kind that is not read; `sentence` says what it is. As a new version of one
    that is searched it fails instead."""
    hold(session, [material_id])
    material = _locked(session, material_id)
    if material is None:
        return
    old = session.get(CourseMaterial, material.replaces_id) if material.replaces_id else None
    if old is not None and old.chunk_count and not old.deleted_at:
        mark_failed(session, material_id, sentence)
        return
    material.file_type = FileType.OTHER
    material.indexing_status, material.indexed_at = IndexingStatus.COMPLETED, now()
    set_details(material, reason=None, not_searched=sentence, media_type=media_type)
    take_over(session, material)
    session.flush()


def put_back(session: Session, material_id: uuid.UUID) -> None:
    """Lets a material wait again, since its file cannot be had at the moment."""
    material = _locked(session, material_id)
    if material is not None and material.indexing_status is IndexingStatus.PROCESSING:
        material.indexing_status = IndexingStatus.PENDING


def mark_failed(session: Session, material_id: uuid.UUID, reason: str) -> None:
    """The material failed; `reason` is a sentence for the teacher."""
    material = _locked(session, material_id)
    if material is not None:
        material.indexing_status = IndexingStatus.FAILED
        set_details(material, reason=reason)


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
    """The chunks of what was read, measured by the embedding model's tokens."""
    count = counter_of(embedding_profile().name)
    return chunk_pages(found.pages, markdown=found.is_markdown, count=count)
