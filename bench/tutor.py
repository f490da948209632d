"""How long a question waits for its evidence card: from the POST to the event that names the
retrieved sources, over the whole application, in a course of 5,000 chunks.

The embedding model is a server on loopback that answers at once with a random vector, so its own
time is out and the way to it is in. Sessions, rights, both transactions, search, card and page
are the real ones.
"""

import random
import time
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import event, text

from app.extensions import db, transaction
from app.tutor import asking
from bench.crowd import CHUNKS_PER_MATERIAL, fill_course, words
from bench.database import application
from bench.report import percentile, report
from models import Course
from tests import factories
from tests.helpers import Visitor, enter
from tests.llm.fake_endpoint import FakeEndpoint, fake_endpoint

CHUNKS = 5_000
QUESTIONS = 150
WARM_UP = 15
WORDS_PER_SENTENCE = 14

DIMENSIONS = 384

_draw = random.Random(2)


def main() -> None:
    """Bar: at most 60 ms."""
    asking.MOST_QUESTIONS = 10**6
    with fake_endpoint() as endpoint:
        endpoint.vector = lambda: [_draw.gauss(0, 1) for _ in range(DIMENSIONS)]
        with application(embedding_base_url=endpoint.url) as app:
            report("tutor", list(_measure(app, endpoint)))


def _sentences(count: int) -> str:
    """Words with full stops, as in a text, so that cards have sentences to choose from."""
    drawn = words(count).split()
    starts = range(0, len(drawn), WORDS_PER_SENTENCE)
    parts = [" ".join(drawn[n : n + WORDS_PER_SENTENCE]).capitalize() for n in starts]
    return ". ".join(parts) + "."


def _measure(app: Flask, endpoint: FakeEndpoint) -> Iterator[dict[str, object]]:
    with transaction() as session:
        for _ in range(5):
            fill_course(session, CHUNKS_PER_MATERIAL * 2, _sentences)
        course_id = fill_course(session, CHUNKS, _sentences)
    with transaction() as session:
        session.execute(text("analyze"))
    with transaction() as session:
        course = session.get_one(Course, course_id)
        visitor = enter(app, session, course, enrollment=factories.member(session, course))
    statements = _Counter()
    times = [_ask(visitor) for _ in range(WARM_UP + QUESTIONS)][WARM_UP:]
    yield {
        "chunks": CHUNKS,
        "median ms": round(percentile(times, 0.5), 1),
        "p95 ms": round(percentile(times, 0.95), 1),
        "statements": statements.count // (WARM_UP + QUESTIONS),
    }


class _Counter:
    def __init__(self) -> None:
        self.count = 0
        event.listen(db.engine, "before_cursor_execute", self._note)

    def _note(self, *_args: object) -> None:
        self.count += 1


def _ask(visitor: Visitor) -> float:
    """Milliseconds from the POST until the evidence event is there."""
    question = {"question": words(9)}
    begin = time.perf_counter()
    response = visitor.post(
        "tutor/ask", data=question, headers={"Accept": "text/event-stream"}, buffered=False
    )
    first = next(iter(response.response))
    milliseconds = 1000 * (time.perf_counter() - begin)
    assert b"event: evidence" in first, first  # type: ignore[operator]
    response.close()
    return milliseconds
