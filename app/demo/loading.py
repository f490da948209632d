"""Loads the sample course's files, by the steps that the jobs take, in this process.

A file is read first, and all that is known of it is then written in one transaction: it is there
and searchable, or it is not there. The jobs that were queued with it find nothing left to do.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.content import COURSE, File
from app.demo.course import id_in
from app.demo.vectors import VectorFile
from app.extensions import transaction
from app.llm.profiles import embedding_profile
from app.materials import catalogue
from app.materials.catalogue import Added
from app.materials.files.removal import remove
from app.materials.files.storage import Stored, storage
from app.materials.indexing import deepening, steps
from app.materials.indexing.chunking import ChunkDraft
from app.materials.indexing.extraction import Extraction, extract
from models import SYSTEM_USER_ID, AuditEvent, CourseMaterial, MaterialChunk


def load_materials(course_id: UUID, vectors: VectorFile) -> int:
    """Adds the files that the course lacks; how many these were.

    What a teacher has renamed or hidden stays so, and what one has deleted stays deleted.
    """
    return sum(_load(course_id, file, vectors) for file in COURSE.files)


def texts_of(file: File) -> list[str]:
    """The texts of a file that have vectors."""
    return [deepening.indexed_text(chunk) for chunk in _read(file)[1]]


def _load(course_id: UUID, file: File, vectors: VectorFile) -> bool:
    material_id = id_in(course_id, "material", file.name)
    with transaction() as session:
        if _is_known(session, material_id):
            return False
    found, chunks = _read(file)
    with file.path.open("rb") as content:
        kept = storage().save(content, material_id)
    with transaction() as session:
        added = _add(session, course_id, material_id, file, kept)
        if added.is_new:
            steps.begin_reading(session, material_id)
            steps.store_words(session, material_id, found, chunks)
            _store_vectors(session, course_id, material_id, vectors)
    if not added.is_kept:
        remove(kept.path)
    return added.is_new


def _is_known(session: Session, material_id: UUID) -> bool:
    """Whether the file is there, or was and a teacher has deleted it."""
    deleted = select(AuditEvent.event_id).where(
        AuditEvent.action == "material.deleted", AuditEvent.subject == str(material_id)
    )
    there = select(CourseMaterial.material_id).where(CourseMaterial.material_id == material_id)
    return session.scalar(select(deleted.exists() | there.exists())) or False


def _read(file: File) -> tuple[Extraction, Sequence[ChunkDraft]]:
    found = extract(file.path, file.name)
    return found, steps.chunks_of(found)


def _add(session: Session, course_id: UUID, material_id: UUID, file: File, kept: Stored) -> Added:
    """The file as a material, which may be one that a teacher has uploaded."""
    added = catalogue.add_material(session, course_id, SYSTEM_USER_ID, file.name, material_id, kept)
    if added.is_new:
        added.material.title = file.title
    return added


def _store_vectors(
    session: Session, course_id: UUID, material_id: UUID, vectors: VectorFile
) -> None:
    """Keeps the vectors that came along. Those of another model, and texts that have none, are
    left to the worker."""
    if vectors.model != embedding_profile().name:
        return
    chunks = session.scalars(
        select(MaterialChunk).where(MaterialChunk.material_id == material_id)
    ).all()
    texts = {chunk.chunk_id: deepening.indexed_text(chunk) for chunk in chunks}
    found = {key: vector for key, text in texts.items() if (vector := vectors.find(text))}
    batch = deepening.Batch(list(found), [texts[key] for key in found])
    deepening.store_vectors(session, course_id, batch, list(found.values()), vectors.model)
