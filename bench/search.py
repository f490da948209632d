"""How long one search takes inside a course of 1,000, 5,000 and 10,000 chunks.

Three measured courses beside others that share their words, materials of 250 chunks, texts of
Zipf-distributed words, vectors of 384 numbers. The embedding of the question is not counted.
"""

import itertools
import random
import time
import uuid

from sqlalchemy import text

from app.extensions import transaction
from app.llm.profiles import embedding_profile
from app.materials.postings import search_words, write_postings
from app.materials.search import search
from app.materials.vectors import nearest
from bench.database import application
from bench.report import percentile, report
from models import (
    SYSTEM_USER_ID,
    ChunkVector,
    Course,
    CourseMaterial,
    FileType,
    IndexingStatus,
    MaterialChunk,
)

SIZES = (1_000, 5_000, 10_000)
OTHER_COURSES = 20
CHUNKS_PER_MATERIAL = 250
DIMENSIONS = 384
QUESTIONS = 200
WORDS_PER_CHUNK = 110

_draw = random.Random(1)
_vocabulary = [
    f"{a}{b}{c}" for a, b, c in itertools.product("bdfgklmnprst", "aeiou", "bdfglmnprst")
]
_vocabulary += [f"{word}{end}" for word in _vocabulary for end in ("ak", "el", "in", "or", "um")]
_draw.shuffle(_vocabulary)
_weights = [1 / (rank + 5) for rank in range(len(_vocabulary))]
_accumulated = list(itertools.accumulate(_weights))


def main() -> None:
    """Bar: well under 60 ms at 5,000 chunks."""
    with application(embedding_base_url="http://127.0.0.1:9/v1"):
        for _ in range(OTHER_COURSES):
            _fill_course(CHUNKS_PER_MATERIAL * 2)
        courses = {size: _fill_course(size) for size in SIZES}
        with transaction() as session:
            session.execute(text("analyze"))
        report(
            "search", [row for size, course in courses.items() for row in _measure(size, course)]
        )


def _words(count: int) -> str:
    return " ".join(_draw.choices(_vocabulary, cum_weights=_accumulated, k=count))


def _vector() -> list[float]:
    return [_draw.gauss(0, 1) for _ in range(DIMENSIONS)]


def _fill_course(chunks: int) -> uuid.UUID:
    with transaction() as session:
        course = Course(course_code="B", course_name="Bench", semester="", year=2026)
        session.add(course)
        session.flush()
        for _ in range(chunks // CHUNKS_PER_MATERIAL):
            _fill_material(session, course.course_id)
    return course.course_id


def _fill_material(session, course_id: uuid.UUID) -> None:  # type: ignore[no-untyped-def]
    material_id = uuid.uuid4()
    texts = [_words(WORDS_PER_CHUNK) for _ in range(CHUNKS_PER_MATERIAL)]
    material = CourseMaterial(
        material_id=material_id,
        course_id=course_id,
        uploader_id=SYSTEM_USER_ID,
        title="Bench",
        file_type=FileType.TXT,
        file_size_bytes=0,
        storage_path=f"{material_id}/0",
        indexing_status=IndexingStatus.COMPLETED,
        chunk_count=len(texts),
        embedded_count=len(texts),
    )
    session.add(material)
    session.flush()
    material.term_total = write_postings(session, material_id, "english", texts).total
    ids = [uuid.uuid4() for _ in texts]
    session.execute(
        MaterialChunk.__table__.insert(),
        [
            {
                "chunk_id": ids[index],
                "material_id": material_id,
                "chunk_index": index,
                "content": content,
                "start_page": index + 1,
                "end_page": index + 1,
                "token_count": 160,
            }
            for index, content in enumerate(texts)
        ],
    )
    session.execute(
        ChunkVector.__table__.insert(),
        [
            {
                "chunk_id": chunk_id,
                "course_id": course_id,
                "material_id": material_id,
                "chunk_index": index,
                "model": embedding_profile().name,
                "embedding": _vector(),
            }
            for index, chunk_id in enumerate(ids)
        ],
    )


def _measure(size: int, course_id: uuid.UUID) -> list[dict[str, object]]:
    times: dict[str, list[float]] = {"words": [], "vectors": [], "whole search": []}
    model = embedding_profile().name
    for _ in range(QUESTIONS):
        question, vector = _words(9), _vector()
        with transaction() as session:
            begin = time.perf_counter()
            search_words(session, course_id, question, see_hidden=False, limit=100)
            words = time.perf_counter()
            nearest(session, course_id, vector, model, see_hidden=False, limit=100)
            vectors = time.perf_counter()
            search(session, course_id, question, question_vector=vector)
            whole = time.perf_counter()
        times["words"].append(words - begin)
        times["vectors"].append(vectors - words)
        times["whole search"].append(whole - vectors)
    return [
        {
            "chunks": size,
            "part": part,
            "median ms": round(1000 * percentile(seconds, 0.5), 1),
            "p95 ms": round(1000 * percentile(seconds, 0.95), 1),
        }
        for part, seconds in times.items()
    ]
