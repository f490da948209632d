"""A database of many courses, made once and kept under `.cache/`: for how long a search takes.

Texts are of Zipf-distributed words, vectors of 384 random numbers, materials of 250 chunks. The
courses that are only there to be many are copies of one, so that all of them share their words.
"""

import hashlib
import itertools
import random
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Table, insert, select, text, update
from sqlalchemy.orm import Session

from app.extensions import db, transaction
from app.llm.profiles import embedding_profile
from app.materials.indexing.postings import write_postings
from bench.database import application
from models import (
    SYSTEM_USER_ID,
    ChunkPosting,
    ChunkVector,
    Course,
    CourseMaterial,
    FileType,
    IndexingStatus,
    MaterialChunk,
)

ROOT = Path(__file__).parents[1]
SIZES = (1_000, 10_000, 50_000)
CHUNKS_PER_MATERIAL = 250
WORDS_PER_CHUNK = 110

_draw = random.Random(1)
_vocabulary = [
    f"{a}{b}{c}" for a, b, c in itertools.product("bdfgklmnprst", "aeiou", "bdfglmnprst")
]
_vocabulary += [f"{word}{end}" for word in _vocabulary for end in ("ak", "el", "in", "or", "um")]
_draw.shuffle(_vocabulary)
_accumulated = list(itertools.accumulate(1 / (rank + 5) for rank in range(len(_vocabulary))))


@contextmanager
def crowd(courses: int) -> Iterator[dict[int, uuid.UUID]]:
    """The application on a database of so many courses; the courses to measure, by size."""
    kept = ROOT / f".cache/bench-crowd-{courses}-{_version()}"
    for old in kept.parent.glob(f"bench-crowd-{courses}-*"):
        if old != kept:
            shutil.rmtree(old)
    with application(embedding_base_url="http://127.0.0.1:9/v1", kept=kept):
        yield _built(courses)


def words(count: int) -> str:
    """So many words, the common ones more often."""
    return " ".join(_draw.choices(_vocabulary, cum_weights=_accumulated, k=count))


def _version() -> str:
    """Another schema, or other texts, want another database."""
    files = [*sorted((ROOT / "migrations/versions").glob("*.py")), Path(__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def _built(courses: int) -> dict[int, uuid.UUID]:
    with transaction() as session:
        found = session.execute(
            select(Course.year, Course.course_id).where(Course.course_code == "measured")
        ).all()
    if len(found) == len(SIZES) + 1:
        return {row[0]: row[1] for row in found if row[0]}
    with transaction() as session:
        for size in SIZES:
            print(f"  a course of {size:,} chunks", flush=True)
            fill_course(session, size)
        first = session.scalars(select(Course.course_id).where(Course.year == SIZES[0])).one()
        _copy_course(session, first, courses - len(SIZES))
        session.add(_course("measured", 0))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    return _built(courses)


def _course(code: str, year: int) -> Course:
    return Course(
        course_code=code,
        course_name="Bench",
        semester="",
        year=year,
        embedding_model=embedding_profile().name,
    )


def fill_course(session: Session, chunks: int, write: Callable[[int], str] = words) -> uuid.UUID:
    """A course of so many chunks, each what `write` makes of a number of words."""
    course = _course("measured", chunks)
    session.add(course)
    session.flush()
    for _ in range(chunks // CHUNKS_PER_MATERIAL):
        _fill_material(session, course.course_id, write)
    return course.course_id


def _fill_material(session: Session, course_id: uuid.UUID, write: Callable[[int], str]) -> None:
    material_id = uuid.uuid4()
    texts = [write(WORDS_PER_CHUNK) for _ in range(CHUNKS_PER_MATERIAL)]
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
    rows = [
        {
            "chunk_id": uuid.uuid4(),
            "material_id": material_id,
            "chunk_index": index,
            "content": content,
            "start_page": index + 1,
            "end_page": index + 1,
            "token_count": 160,
        }
        for index, content in enumerate(texts)
    ]
    session.execute(insert(MaterialChunk), rows)
    session.execute(_VECTORS, {"material_id": material_id, "model": embedding_profile().name})
    session.execute(_SUM, {"material_id": material_id})


# `chunk_index` in the inner select: else PostgreSQL would draw the numbers once for all rows.
_VECTORS = text(
    """
    insert into chunk_vectors (chunk_id, model, course_id, material_id, chunk_index, embedding)
    select chunk_id, :model, course_id, material_id, chunk_index,
           l2_normalize(
               array(select random_normal() + 0 * chunk_index from generate_series(1, 384))::halfvec
           )
    from material_chunks join course_materials using (material_id)
    where material_id = :material_id
    """
)

_SUM = text(
    """
    update course_materials set vector_sum = (
        select sum(embedding::vector) from chunk_vectors where material_id = :material_id
    ) where material_id = :material_id
    """
)


def _copy_course(session: Session, course_id: uuid.UUID, times: int) -> None:
    """So many courses with materials like those of the given one."""
    copies = [_course("other", 0) for _ in range(times)]
    session.add_all(copies)
    session.flush()
    session.execute(
        text(
            """
            create temporary table twins on commit drop as
            select c.course_id as new_course, m.material_id as old, gen_random_uuid() as new
            from courses c cross join course_materials m
            where c.course_code = 'other' and m.course_id = :course_id
            """
        ),
        {"course_id": course_id},
    )
    _copy(
        session,
        CourseMaterial.__table__,
        material_id="new",
        course_id="new_course",
        storage_path="new || '/0'",
    )
    _copy(session, MaterialChunk.__table__, material_id="new", chunk_id=_CHUNK_ID)
    _copy(session, ChunkPosting.__table__, material_id="new")
    _copy(
        session,
        ChunkVector.__table__,
        material_id="new",
        course_id="new_course",
        chunk_id=_CHUNK_ID,
    )
    session.execute(update(Course).where(Course.course_code == "other").values(year=2026))


_CHUNK_ID = "md5(new::text || ' ' || chunk_index)::uuid"


def _copy(session: Session, table: Table, **replaced: str) -> None:
    print(f"  copies of {table.name}", flush=True)
    columns = [column.name for column in table.columns]
    values = [replaced.get(name, f"given.{name}") for name in columns]
    session.execute(
        text(
            f"insert into {table.name} ({', '.join(columns)}) select {', '.join(values)}"
            f" from twins join {table.name} as given on given.material_id = twins.old"
        )
    )
