"""A worker that is killed in the middle of a delivery: the next one ends it, without a double."""

import signal
import time
from functools import partial

from sqlalchemy import select

from app.config import Settings
from app.gradebook.slots import SLOTS
from models import ScoreOutbox, ScoreStatus
from tests.gradebook.ags_server import AgsServer
from tests.gradebook.arranged import Arranged
from tests.gradebook.conftest import Class
from tests.workers import kill, until, worker


def test_a_killed_delivery_completes_within_a_minute_and_is_sent_once(
    lms_class: Class, settings: Settings
) -> None:
    lms_class.fault(ags_hang=6)  # the score arrives, but its answer comes to nobody
    lms_class.answer(1)
    with worker(settings) as first:
        until(lambda: lms_class.row().status is ScoreStatus.SENDING, 30)
        time.sleep(2)
        first.send_signal(signal.SIGKILL)
    assert lms_class.row().status is ScoreStatus.SENDING
    lms_class.answer(0)  # life goes on meanwhile
    lms_class.fault(ags_hang=0)
    with worker(settings):
        until(lambda: lms_class.row().status is ScoreStatus.SENT, 60)
    assert lms_class.shown() == 2
    assert [(score, status) for _, score, status in lms_class.posts()] == [(2, 200)]


def test_of_many_scores_none_is_lost_or_doubled_when_workers_are_killed(
    arranged: Arranged, server: AgsServer, settings: Settings
) -> None:
    server.latency = 0.05
    count = 40
    arranged.many(count)
    for wanted in (5, 15):
        with worker(settings) as doomed:
            until(partial(_has_got, server, wanted), 120)
            kill(doomed)
    with worker(settings):
        until(lambda: _sent(arranged) == count, 180)
    assert len(server.grades) == count
    assert server.doubled() == server.out_of_order() == 0
    assert server.most_at_once <= SLOTS


def _has_got(server: AgsServer, count: int) -> bool:
    return len(server.of("score")) >= count


def _sent(arranged: Arranged) -> int:
    arranged.session.rollback()
    statuses = arranged.session.scalars(select(ScoreOutbox.status)).all()
    return statuses.count(ScoreStatus.SENT)
