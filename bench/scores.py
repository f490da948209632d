"""10,000 scores that wait: to a healthy platform, and to one that is down for six hours.

Two real workers and a platform on loopback that answers as Moodle does, in 20 ms, keeps what it
gets and counts how many requests were there at once. Six hours pass by moving the rows' times.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import config
from app.extensions import db, transaction
from app.gradebook.slots import wake
from bench.database import application
from bench.report import report
from models import ScoreOutbox, ScoreStatus
from tests.gradebook.ags_server import AgsServer, serving
from tests.gradebook.arranged import Arranged, arrange
from tests.gradebook.test_killed_worker import worker

SCORES = int(os.environ.get("SCORES", "10000"))
COLUMNS = 20
CHANGED = SCORES // 10
"""Scores that change while they wait or are sent: of these two or three are posted, in order."""
LATENCY = 0.02
PATIENCE = 3600.0


def main() -> None:
    """Bar: all delivered in order, at most 4 at once per registration, none doubled."""
    rows = []
    for measure in (_healthy, _down):
        with ExitStack() as stack:
            stack.enter_context(application())
            server = stack.enter_context(serving())
            server.latency = LATENCY
            session = stack.enter_context(Session(db.engine, expire_on_commit=False))
            arranged = arrange(session, server, "moodle")
            rows.append(measure(arranged, server))
            report("scores", rows)


def _healthy(arranged: Arranged, server: AgsServer) -> dict[str, object]:
    ids = arranged.many(SCORES, COLUMNS)
    began = time.monotonic()
    with _workers():
        for share, given in ((0.3, 11), (0.6, 12)):
            _until(lambda share=share: len(server.grades) >= share * SCORES)
            _change(ids[:: SCORES // CHANGED], given)
        _until(_all_are_sent)
    return _figures("healthy platform", server, time.monotonic() - began, 0)


def _down(arranged: Arranged, server: AgsServer) -> dict[str, object]:
    """Each half hour the workers work off what is due; then the platform comes up."""
    arranged.many(SCORES, COLUMNS)
    server.is_down, server.latency = True, 0.0
    for _ in range(12):
        arranged.work()
        arranged.hours_pass(timedelta(minutes=30))
    asked, server.got = len(server.got), []
    server.is_down, server.latency = False, LATENCY
    arranged.hours_pass(timedelta(minutes=90))
    began = time.monotonic()
    with _workers():
        _until(_all_are_sent)
    return _figures("after six hours down", server, time.monotonic() - began, asked)


@contextmanager
def _workers() -> Iterator[None]:
    with worker(config.current()), worker(config.current()):
        yield


def _change(ids: list[UUID], given: int) -> None:
    """Other scores of these learners are wanted now."""
    for start in range(0, len(ids), 100):
        part = sorted(ids[start : start + 100])
        with transaction() as session:
            session.execute(
                update(ScoreOutbox)
                .where(ScoreOutbox.outbox_id.in_(part))
                .values(score_given=Decimal(given), version=ScoreOutbox.version + 1)
            )
            session.execute(
                update(ScoreOutbox)
                .where(ScoreOutbox.outbox_id.in_(part), ScoreOutbox.status == ScoreStatus.SENT)
                .values(status=ScoreStatus.WAITING)
            )
            wake(session, part)


def _until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, "the scores do not arrive"
        time.sleep(0.5)


def _all_are_sent() -> bool:
    with transaction() as session:
        left = session.scalar(
            select(func.count()).where(
                (ScoreOutbox.status != ScoreStatus.SENT)
                | (ScoreOutbox.sent_version != ScoreOutbox.version)
            )
        )
    return not left


def _figures(
    what: str, server: AgsServer, seconds: float, asked_while_down: int
) -> dict[str, object]:
    posts = len(server.of("score"))
    assert server.doubled() == server.out_of_order() == 0
    assert len(server.grades) == SCORES
    assert server.most_at_once <= 4
    return {
        "what": what,
        "scores": SCORES,
        "posted": posts,
        "read back": len(server.of("results")),
        "seconds": round(seconds, 1),
        "posts a second": round(posts / seconds, 1),
        "most at once": server.most_at_once,
        "doubled": server.doubled(),
        "out of order": server.out_of_order(),
        "token requests": len(server.of("token")),
        "requests while down": asked_while_down,
    }
