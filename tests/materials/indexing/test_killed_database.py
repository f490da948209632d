"""A database that is killed in the middle of indexing: the installation goes on by itself.

As `make run` starts it: whoever dies is started again. Each chunk is there once in the end.
"""

import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.llm.fake_endpoint import FakeEndpoint
from tests.materials import makers
from tests.stack import Stack
from tests.visits import Visit
from tests.workers import until

PAGES = 400
LINES = "\n".join(["and of more things that stand in this book"] * 16)
SECONDS = 240

ONCE = """
with chunks as (select * from material_chunks where material_id = %(id)s),
     vectors as (select * from chunk_vectors where material_id = %(id)s),
     postings as (select * from chunk_postings where material_id = %(id)s)
select chunk_count, term_total,
       (select count(*) from chunks),
       (select count(distinct chunk_index) from chunks),
       (select max(chunk_index) + 1 from chunks),
       (select count(*) from vectors),
       (select count(distinct chunk_index) from vectors),
       (select sum(count) from postings, unnest(term_counts) as count),
       (select count(*) from postings where cardinality(chunk_indexes)
           <> (select count(distinct one) from unnest(chunk_indexes) as one)),
       (select count(*) from material_pages where material_id = %(id)s)
from course_materials where material_id = %(id)s
"""


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    endpoint = FakeEndpoint()
    endpoint.script.wait_before = 0.05
    yield endpoint
    endpoint.close()


@pytest.fixture
def installation(tmp_path: Path, endpoint: FakeEndpoint) -> Iterator[Stack]:
    stack = Stack(
        tmp_path / "data",
        COURSELLM_EMBEDDING_BASE_URL=endpoint.url,
        COURSELLM_EMBEDDING_MODEL="test-model",
        OPENAI_BASE_URL=endpoint.url,
    )
    stack.start()
    try:
        yield stack
    finally:
        stack.stop()


class Looking:
    """What the database says of the book; while it is away, nothing."""

    def __init__(self, stack: Stack) -> None:
        self.address = stack.database_url()

    def row(self, query: str, **values: Any) -> tuple[Any, ...] | None:
        try:
            with psycopg.connect(self.address, connect_timeout=5) as connection:
                return connection.execute(query, values or None).fetchone()
        except psycopg.OperationalError:
            return None

    def book(self) -> tuple[Any, ...] | None:
        return self.row(
            "select material_id, indexing_status, chunk_count, embedded_count"
            " from course_materials where title = 'Book'"
        )

    def has_vectors(self, count: int) -> Callable[[], bool]:
        return lambda: (found := self.book()) is not None and found[3] >= count


def postgres_of(stack: Stack) -> list[psutil.Process]:
    """The database's server process, then its children."""
    assert stack.process is not None
    for process in psutil.Process(stack.process.pid).children():
        if process.name() == "postgres":
            return [process, *process.children()]
    return []


@pytest.mark.stack
def test_indexing_goes_on_after_the_database_was_killed(installation: Stack) -> None:
    teacher = Visit(installation.lms, installation.url, "teacher")
    book = makers.pdf([f"Page {n} tells of thing{n}\n{LINES}" for n in range(PAGES)])
    looking = Looking(installation)

    teacher.post("materials/", files={"files": ("Book.pdf", book)}).raise_for_status()
    until(lambda: (found := looking.book()) is not None and found[1] == "processing", SECONDS)
    kill_server(installation, looking)  # while the file is being read, or its words kept

    until(looking.has_vectors(64), SECONDS)
    kill_backend_of_worker(installation, looking)
    found = looking.book()
    assert found is None or found[3] < found[2]
    until(looking.has_vectors(160), SECONDS)
    kill_server(installation, looking)

    until(lambda: (found := looking.book()) is not None and found[1] == "completed", SECONDS)
    material_id: uuid.UUID = looking.book()[0]  # type: ignore[index]
    counts = looking.row(ONCE, id=material_id)
    assert counts is not None
    chunks, terms, rows, indexes, last, vectors, embedded, posted, twice, pages = counts
    assert chunks >= PAGES
    assert rows == indexes == last == vectors == embedded == chunks
    assert (posted, twice, pages) == (terms, 0, PAGES)
    assert installation.process is not None and installation.process.poll() is None


def kill_server(stack: Stack, looking: Looking) -> None:
    server = postgres_of(stack)[0]
    server.send_signal(signal.SIGKILL)
    until(
        lambda: (
            server.pid not in [one.pid for one in postgres_of(stack)]
            and looking.row("select 1") is not None
        ),
        SECONDS,
    )


def kill_backend_of_worker(stack: Stack, looking: Looking) -> None:
    """One connection's process dies of -9: PostgreSQL then drops all of them and recovers."""
    row = looking.row(
        "select pid from pg_stat_activity where backend_type = 'client backend'"
        " and pid <> pg_backend_pid() order by query like '%procrastinate%' desc limit 1"
    )
    assert row is not None
    psutil.Process(row[0]).send_signal(signal.SIGKILL)
    until(lambda: looking.row("select 1") is not None, SECONDS)
