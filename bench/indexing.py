"""A book of 245 pages through a whole installation: when it is found, and how much is lost.

Bars: searchable by words within 10 s of the upload, wholly within 4 minutes; end to end at least
.85 of the rate that reading alone and embedding alone would give together; the evidence card of a
question asked while 400 pages are indexed within 500 ms (p95). Takes `../shared/data/course/`;
skips without it.

One run, so that its parts can be compared: reading alone, embedding alone (every third chunk, by
the requests that the worker makes of the same server), the book end to end while nobody asks,
embedding alone once more (how even the machine was), and then 400 pages while people ask.
"""

import itertools
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import psutil
import psycopg
import pypdfium2 as pdfium

from app.llm.client import embed_passages
from app.llm.profiles import EMBEDDED_EMBEDDING, EmbeddingProfile
from app.materials.indexing.batches import TEXTS_PER_REQUEST
from app.materials.indexing.chunking import chunk_pages
from app.materials.indexing.deepening import indexed_text
from app.materials.indexing.extraction import extract
from app.materials.indexing.tokens import counter_of
from bench.report import percentile, report
from tests.stack import ROOT, Stack
from tests.visits import Visit

BOOK = ROOT.parent / "shared/data/course/py4e_book3_Amazon_English_2024-02-22-x.pdf"
ASKERS = ("student-1", "student-2", "student-3", "ta", "teacher")
PACE_SECONDS = 2.0  # a person who asks faster than people do is told to wait
LONG_PAGES = 400
MOST_QUESTIONS = 100
EVERY = 3
LOOK_SECONDS = 0.2
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
    """Start an installation and index books in it."""
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
    """Seconds of the parts and of the whole, and milliseconds to the evidence meanwhile."""
    teacher = Visit(stack.lms, stack.url, "teacher")
    reading, texts = _read_alone()
    profile = _indexing_server(stack)
    before = _embed_alone(texts, profile)
    book = _index(stack, teacher, "Book.pdf", BOOK.read_bytes())
    after = _embed_alone(texts, profile)
    embedding = (before + after) / 2
    ratio = (reading + embedding) / book["whole"]
    waits, pages = _ask_meanwhile(stack, teacher)
    return [
        _row("chunks of the book", len(texts)),
        _row("reading alone, s", round(reading, 1)),
        _row("embedding alone, before and after, s", f"{before:.0f}, {after:.0f}"),
        _row("uploaded, s", round(book["uploaded"], 2)),
        _row("searchable by words, s", round(book["words"], 1), 10),
        _row("wholly indexed, s", round(book["whole"], 1), 240),
        _row("rate, of reading and embedding alone", round(ratio, 3), "≥ .85"),
        _row(f"questions while {LONG_PAGES} pages are indexed", len(waits)),
        _row("pages deepened when they ended", pages),
        _row("evidence meanwhile, median ms", _ms(waits, 0.5)),
        _row("evidence meanwhile, p95 ms", _ms(waits, 0.95), 500),
    ]


def _row(what: str, figure: object, bar: object = "-") -> dict[str, object]:
    return {"what": what, "figure": figure, "bar": bar}


def _read_alone() -> tuple[float, list[str]]:
    """Seconds for pages and chunks of the book, the least of three; and the texts to embed."""
    taken = []
    for _ in range(3):
        begin = time.monotonic()
        found = extract(BOOK, BOOK.name)
        chunks = chunk_pages(found.pages, count=counter_of(EMBEDDED_EMBEDDING))
        taken.append(time.monotonic() - begin)
    return min(taken), [indexed_text(chunk) for chunk in chunks]


def _indexing_server(stack: Stack) -> EmbeddingProfile:
    """The server that the worker's vectors come from."""
    assert stack.process is not None
    for child in psutil.Process(stack.process.pid).children():
        if "worker" in child.cmdline():
            address = child.environ()["COURSELLM_EMBEDDING_BASE_URL"]
            return EmbeddingProfile(EMBEDDED_EMBEDDING, address, "none", 384, takes_input_type=True)
    raise AssertionError("there is no worker")


def _embed_alone(texts: list[str], profile: EmbeddingProfile) -> float:
    """Seconds that all texts would take, by every third of them."""
    some = texts[::EVERY]
    begin = time.monotonic()
    for start in range(0, len(some), TEXTS_PER_REQUEST):
        embed_passages(some[start : start + TEXTS_PER_REQUEST], profile)
    return (time.monotonic() - begin) * len(texts) / len(some)


def _index(stack: Stack, teacher: Visit, name: str, content: bytes) -> dict[str, float]:
    """Seconds until the file was uploaded, searchable by words, and wholly indexed."""
    begin = time.monotonic()
    _upload(teacher, name, content)
    seconds = {"uploaded": time.monotonic() - begin}
    for chunks, _, status in _looks(stack, name):
        if chunks:
            seconds.setdefault("words", time.monotonic() - begin)
        assert status != "failed", f"{name} failed"
        if status == "completed":
            break
        time.sleep(LOOK_SECONDS)
    return {**seconds, "whole": time.monotonic() - begin}


def _ask_meanwhile(stack: Stack, teacher: Visit) -> tuple[list[float], str]:
    """Seconds to the evidence of questions, while a long book is indexed."""
    askers = itertools.cycle(Visit(stack.lms, stack.url, person) for person in ASKERS)
    _upload(teacher, "Long book.pdf", _long_book())
    waits: list[float] = []
    for chunks, embedded, status in _looks(stack, "Long book.pdf"):
        if status not in {"pending", "processing"} or len(waits) == MOST_QUESTIONS:
            return waits, f"{embedded} of {chunks} chunks"
        waits.append(_to_evidence(next(askers), QUESTIONS[len(waits) % len(QUESTIONS)]))
        time.sleep(PACE_SECONDS)
    raise AssertionError("the book is gone")


def _upload(teacher: Visit, name: str, content: bytes) -> None:
    teacher.post("materials/", files={"files": (name, content)}).raise_for_status()


def _long_book() -> bytes:
    """The book, and its first pages once more."""
    long, book = pdfium.PdfDocument.new(), pdfium.PdfDocument(BOOK)
    while len(long) < LONG_PAGES:
        long.import_pages(book, list(range(min(len(book), LONG_PAGES - len(long)))))
    out = BytesIO()
    long.save(out)
    return out.getvalue()


def _looks(stack: Stack, name: str) -> Iterator[tuple[int, int, str]]:
    """How far a file is, looked at anew each time."""
    query = (
        "select chunk_count, embedded_count, indexing_status from course_materials"
        " where metadata->>'name' = %s"
    )
    with psycopg.connect(stack.database_url(), autocommit=True) as database:
        while row := database.execute(query, [name]).fetchone():
            yield row


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
