"""A book of 245 pages through a whole installation: searchable when, complete when.

Bars: searchable by words within 10 s of the upload, wholly within 4 minutes, the evidence card of a
question asked meanwhile within 500 ms (p95). Takes `../shared/data/course/`; skips without it.
"""

import itertools
import tempfile
import time
from pathlib import Path

import psycopg

from bench.report import percentile, report
from tests.stack import ROOT, Stack
from tests.visits import Visit

BOOK = ROOT.parent / "shared/data/course/py4e_book3_Amazon_English_2024-02-22-x.pdf"
ASKERS = ("student-1", "student-2", "student-3", "ta", "teacher")
PACE_SECONDS = 2.0  # a person who asks faster than people do is told to wait
QUESTIONS = (
    "What is a dictionary?",
    "How do I read a file line by line?",
    "Why does a while loop never end?",
    "What does the split method return?",
    "How are regular expressions used to find addresses?",
    "What is the difference between a list and a tuple?",
    "How do I catch an error?",
    "What is a primary key in a database?",
)


def main() -> None:
    """Start an installation, upload the book, ask until it is wholly indexed."""
    if not BOOK.exists():
        print("indexing: skipped, ../shared/data/course is not here")
        return
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "data")
        stack.start()
        try:
            rows = measure(stack)
        finally:
            stack.stop()
    report("indexing", rows)


def measure(stack: Stack) -> list[dict[str, object]]:
    """Seconds to either kind of search, and milliseconds to the evidence meanwhile."""
    teacher = Visit(stack.lms, stack.url, "teacher")
    askers = itertools.cycle(Visit(stack.lms, stack.url, person) for person in ASKERS)
    begin = time.monotonic()
    with BOOK.open("rb") as file:
        teacher.post("materials/", files={"files": (BOOK.name, file)}).raise_for_status()
    uploaded = time.monotonic() - begin
    searchable = None
    waits: list[float] = []
    with psycopg.connect(stack.database_url(), autocommit=True) as database:
        while True:
            chunks, status = _progress(database)
            if searchable is None and chunks:
                searchable = time.monotonic() - begin
            if status not in {"pending", "processing"}:
                break
            waits.append(_to_evidence(next(askers), QUESTIONS[len(waits) % len(QUESTIONS)]))
            time.sleep(PACE_SECONDS)
    whole = time.monotonic() - begin
    return [
        {"what": "uploaded, s", "figure": round(uploaded, 2), "bar": "-"},
        {"what": "searchable by words, s", "figure": round(searchable or whole, 1), "bar": 10},
        {"what": f"wholly indexed ({status}), s", "figure": round(whole, 1), "bar": 240},
        {"what": "evidence meanwhile, median ms", "figure": _ms(waits, 0.5), "bar": "-"},
        {"what": "evidence meanwhile, p95 ms", "figure": _ms(waits, 0.95), "bar": 500},
    ]


def _progress(database: "psycopg.Connection[tuple[int, str]]") -> tuple[int, str]:
    row = database.execute(
        "select chunk_count, indexing_status from course_materials"
        " order by upload_date desc limit 1"
    ).fetchone()
    assert row is not None
    return row


def _to_evidence(student: Visit, question: str) -> float:
    begin = time.monotonic()
    events = student.ask(question)
    name, _ = next(events)
    assert name == "evidence", name
    seconds = time.monotonic() - begin
    for _ in events:
        pass
    return seconds


def _ms(seconds: list[float], share: float) -> float:
    return round(percentile(seconds, share) * 1000)
