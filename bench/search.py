"""How long one search takes in a course of 1,000, 10,000 and 50,000 chunks, beside how many others.

A database of 302 courses and 360,000 chunks, and one of 10 courses: the time must not grow with
the number of others. The embedding of the question is not counted. Of the vectors also how many of
the ten nearest are found, against a plain comparison of all in full precision. The databases are
made once (minutes each) and kept under `.cache/`: a second `make bench B=search` is quick.
"""

import os
import time
import uuid
from pathlib import Path
from statistics import fmean

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.extensions import transaction
from app.materials.retrieval.scope import scope_of
from app.materials.retrieval.vectors import COMMON_PART, nearest
from app.materials.retrieval.words import search_words, terms_of
from app.materials.search import search
from bench.crowd import crowd, words
from bench.report import percentile, report
from scripts import embedded_postgres

COURSES = (10, 302)
BARS = {1_000: 8, 10_000: 25, 50_000: 80}
MEMORY = "1GB"
"""Of shared buffers, as PostgreSQL's manual advises for a machine of 4 GB; the embedded default is
made for one course on a laptop."""
QUESTIONS = 200
WARM_UP = 20
WORDS_IN_QUESTION = 9
NEAREST = 10


def main() -> None:
    """Bars, p95 of the whole search: 8 ms, 25 ms and 80 ms."""
    embedded_postgres.SETTINGS["shared_buffers"] = MEMORY
    rows: list[dict[str, object]] = []
    for count in COURSES:
        with crowd(count) as courses:
            for size, course_id in sorted(courses.items()):
                rows += _measure(count, size, course_id)
    report("search", rows)


def _measure(count: int, size: int, course_id: uuid.UUID) -> list[dict[str, object]]:
    times: dict[str, list[float]] = {"words": [], "vectors": [], "whole search": []}
    processor: list[float] = []
    for number in range(QUESTIONS + WARM_UP):
        question = misspelt(words(WORDS_IN_QUESTION))
        with transaction() as session:
            vector = list(session.scalar(_RANDOM))
            backend = session.scalar(text("select pg_backend_pid()"))
            parts = _timed(session, course_id, question, vector)
            begin, used = time.perf_counter(), _processor_time(backend)
            search(session, course_id, question, question_vector=vector)
            parts["whole search"] = time.perf_counter() - begin
        if number >= WARM_UP:
            processor.append(_processor_time(backend) - used)
            for part, seconds in parts.items():
                times[part].append(seconds)
    load = round(os.getloadavg()[0], 1)
    recall = _recall(course_id)
    return [
        {
            "courses": count,
            "chunks": size,
            "part": part,
            "least ms": _ms(seconds, 0.0),
            "median ms": _ms(seconds, 0.5),
            "p95 ms": _ms(seconds, 0.95),
            "bar": BARS[size] if part == "whole search" else "-",
            "recall@10": recall if part == "vectors" else "-",
            "load": load,
        }
        for part, seconds in [*times.items(), ("its processor time", processor)]
    ]


def misspelt(question: str) -> str:
    """Its longest word with a letter twice: the materials do not have it."""
    longest = max(question.split(), key=len)
    return question.replace(longest, longest[:4] + longest[3:])


def _processor_time(backend: int) -> float:
    """Seconds that this process and its database process have used: other work on the machine
    makes a search wait, but hardly makes it work longer."""
    used = int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])
    return time.process_time() + used / 1e9


def _timed(session, course_id, question, vector) -> dict[str, float]:  # type: ignore[no-untyped-def]
    scope = scope_of(session, course_id, see_hidden=False)
    begin = time.perf_counter()
    search_words(session, scope, terms_of(session, scope, question, None), limit=100)
    between = time.perf_counter()
    nearest(session, scope, vector, limit=100)
    return {"words": between - begin, "vectors": time.perf_counter() - between}


def _recall(course_id: uuid.UUID) -> float:
    """Of the nearest, the share that is found: over enough questions to tell .997 from .999."""
    with transaction() as session:
        return fmean(
            _recall_of(session, course_id, list(session.scalar(_RANDOM))) for _ in range(QUESTIONS)
        )


def _recall_of(session: Session, course_id: uuid.UUID, vector: list[float]) -> float:
    scope = scope_of(session, course_id, see_hidden=False)
    found = {
        (scope.materials[m], index)
        for m, index, *_ in nearest(session, scope, vector, limit=NEAREST)
    }
    asked = {"course_id": course_id, "question": str(vector), "part": COMMON_PART, "limit": NEAREST}
    return len(found & set(session.execute(_PLAIN, asked).tuples())) / NEAREST


# The question less its part of the mean, as the search has it.
_PLAIN = text(
    """
    with common as (
        select avg(cast(embedding as vector)) as mean from chunk_vectors
        where course_id = :course_id
    ),
    asked as materialized (
        select l2_normalize(cast(:question as vector))
               - mean * cast(array_fill(cast(:part as real), array[vector_dims(mean)]) as vector)
               as centred
        from common
    )
    select material_id, chunk_index from chunk_vectors where course_id = :course_id
    order by cast(embedding as vector) <#> (select centred from asked) limit :limit
    """
)

_RANDOM = text("select array(select random_normal() from generate_series(1, 384))")


def _ms(seconds: list[float], share: float) -> float:
    return round(1000 * percentile(seconds, share), 1)
