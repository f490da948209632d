"""Deliveries that a killed worker left in `doing`: taken up again, whatever waits beside them."""

import asyncio
from types import SimpleNamespace
from typing import Any

import procrastinate
from sqlalchemy import text

from app import config
from app.gradebook.slots import wake
from app.jobs import opened_queue, take_up_stalled
from models import ScoreStatus
from tests.gradebook.conftest import Class

KILL = """
with dead as (
  insert into procrastinate_workers (last_heartbeat)
  values (now() - interval '1 minute') returning id
)
update procrastinate_jobs set status = 'doing', worker_id = (select id from dead)
where status = 'todo'
"""


def _take_up() -> None:
    with opened_queue(config.current()) as queue:
        context = SimpleNamespace(app=queue)
        asyncio.run(_run(queue, context))


async def _run(queue: procrastinate.App, context: Any) -> None:
    async with queue.open_async():
        await take_up_stalled(context, timestamp=0)


def _killed_while_sending(lms_class: Class) -> None:
    row = lms_class.answer(1)
    assert row is not None
    row.status, row.posted_scores = ScoreStatus.SENDING, ["2"]
    lms_class.session.execute(text(KILL))
    lms_class.session.commit()


def test_a_killed_delivery_is_taken_up_and_done(lms_class: Class) -> None:
    _killed_while_sending(lms_class)
    _take_up()
    lms_class.work()
    assert lms_class.row().status is ScoreStatus.SENT
    assert [score for _, score, _ in lms_class.posts()] == [2]


def test_also_if_another_delivery_was_queued_meanwhile(lms_class: Class) -> None:
    _killed_while_sending(lms_class)
    lms_class.answer(1)
    wake(lms_class.session, [lms_class.row().outbox_id])
    lms_class.session.commit()
    _take_up()
    lms_class.work()
    assert lms_class.row().status is ScoreStatus.SENT
    assert lms_class.shown() == 4
    left = lms_class.session.execute(
        text("select count(*) from procrastinate_jobs where task_name = 'gradebook:drain'")
    )
    assert left.scalar() == 0
