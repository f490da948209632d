"""A data set as a course: its passages are chunks, stored by the steps that the jobs take."""

import uuid
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.llm.profiles import embedding_profile
from app.materials.indexing import deepening, steps
from app.materials.indexing.chunking import ChunkDraft
from app.materials.indexing.extraction import Extraction
from app.materials.indexing.tokens import estimate_tokens
from app.materials.readers.page import Page
from bench.datasets import DataSet
from bench.embedded import Embedded
from models import (
    SYSTEM_USER_ID,
    Course,
    CourseMaterial,
    FileType,
    IndexingStatus,
    MaterialChunk,
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A course, and which passage of the data set each of its chunks is."""

    course_id: uuid.UUID
    passages: dict[tuple[uuid.UUID, int], str]


def fill(session: Session, data: DataSet, embedded: Embedded, *, is_apart: bool = False) -> Filled:
    """A course with the data set's passages in it. What an id names before its last hyphen (a
    chapter) is a material; with `is_apart` each passage is one, which can be hidden alone."""
    course = Course(course_code="B", course_name=data.name, semester="", year=2026)
    session.add(course)
    session.flush()
    passages: dict[tuple[uuid.UUID, int], str] = {}
    for name, ids in groupby(
        data.passages, lambda key: key if is_apart else key.rpartition("-")[0]
    ):
        keys = list(ids)
        material_id = _material(session, course.course_id, name, [data.passages[k] for k in keys])
        passages |= {(material_id, index): key for index, key in enumerate(keys)}
    _embed(session, course.course_id, embedded)
    return Filled(course.course_id, passages)


def _material(
    session: Session, course_id: uuid.UUID, name: str, texts: list[tuple[str, str]]
) -> uuid.UUID:
    material_id = uuid.uuid4()
    session.add(
        CourseMaterial(
            material_id=material_id,
            course_id=course_id,
            uploader_id=SYSTEM_USER_ID,
            title=name or "Passages",
            file_type=FileType.TXT,
            file_size_bytes=0,
            storage_path=f"{material_id}/0",
            indexing_status=IndexingStatus.PROCESSING,
        )
    )
    session.flush()
    pages = [Page(n, text, heading=title or None) for n, (title, text) in enumerate(texts, 1)]
    chunks = [
        ChunkDraft(
            page.number - 1,
            page.text,
            page.number,
            page.number,
            page.heading,
            estimate_tokens(page.text),
            (0,),
        )
        for page in pages
    ]
    steps.store_words(session, material_id, Extraction("txt", len(pages), pages), chunks)
    return material_id


def _embed(session: Session, course_id: uuid.UUID, embedded: Embedded) -> None:
    chunks = session.scalars(
        select(MaterialChunk)
        .join(CourseMaterial, CourseMaterial.material_id == MaterialChunk.material_id)
        .where(CourseMaterial.course_id == course_id)
    ).all()
    texts = [deepening.indexed_text(chunk) for chunk in chunks]
    batch = deepening.Batch([chunk.chunk_id for chunk in chunks], texts)
    model = embedding_profile().name
    deepening.store_vectors(session, course_id, batch, embedded.passages(texts), model)
