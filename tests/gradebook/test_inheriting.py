"""Columns of a course that came from another registration: refused there, a score is not lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.gradebook import inheriting
from app.gradebook.delivery import LAUNCH_AWAITED
from app.gradebook.outbox import AWAITS_LAUNCH
from app.gradebook.receipts import state_for_teachers
from models import LineItem, ScoreStatus, now
from tests.gradebook.ags_server import AgsServer, Answer
from tests.gradebook.arranged import Arranged

REFUSALS = {
    "access": [Answer(403, "wrong tool")],
    "token": [Answer(401, "wrong tool")] * 2,  # asked once more with a token made anew
    "gone": [Answer(404, "wrong tool")],
}


@pytest.fixture(params=REFUSALS, ids=str)
def refusal(request: pytest.FixtureRequest) -> list[Answer]:
    return REFUSALS[request.param]


def _take_over(arranged: Arranged) -> int:
    arranged.session.rollback()
    count = inheriting.take_over(arranged.session, [arranged.context.context_id])
    arranged.session.commit()
    return count


def _named(arranged: Arranged, number: int) -> None:
    """As by a launch."""
    arranged.session.rollback()
    column = arranged.session.get_one(LineItem, arranged.column.line_item_id)
    inheriting.named(arranged.session, column, arranged.server.column_url(number))
    arranged.session.commit()


def _where(server: AgsServer) -> list[tuple[str, int]]:
    return [(one.path.split("/lineitems/")[1][0], one.status) for one in server.of("score")]


def test_a_refused_score_is_sent_where_the_column_is_found(
    arranged: Arranged, server: AgsServer, refusal: list[Answer]
) -> None:
    server.will("score", Answer(403, "wrong tool"))
    arranged.wants(5)
    arranged.work()
    assert arranged.row().status is ScoreStatus.REFUSED
    assert server.of("items") == [], "of a column that was not inherited it is the last word"
    assert _take_over(arranged) == 1
    own = str(arranged.activity.activity_id)
    server.items = [{"id": server.column_url(9), "resourceId": own}]
    server.will("score", *refusal)
    arranged.work()
    assert arranged.row().status is ScoreStatus.SENT
    assert _where(server)[-1] == ("9", 200)


def test_without_one_it_waits_until_a_launch_names_it(
    arranged: Arranged, server: AgsServer, refusal: list[Answer]
) -> None:
    arranged.wants(5)
    _take_over(arranged)
    for _ in range(3):  # not given up after a day of that
        server.will("score", *refusal)
        arranged.work()
        row = arranged.row()
        assert (row.status, row.attempts, row.failing_since) == (ScoreStatus.WAITING, 0, None)
        assert (row.last_error or "").startswith(AWAITS_LAUNCH)
        assert row.next_try_at and row.next_try_at > now() + timedelta(hours=23)
        arranged.hours_pass(timedelta(days=1))
    state = state_for_teachers(row, now().tzinfo, now())
    assert (state.words, state.more) == ("Waiting", AWAITS_LAUNCH)
    _named(arranged, 9)
    arranged.work()
    row = arranged.row()
    assert (row.status, row.last_error) == (ScoreStatus.SENT, None)
    assert _where(server)[-1] == ("9", 200)


def test_after_a_month_it_is_not_accepted_and_a_launch_still_brings_it_on(
    arranged: Arranged, server: AgsServer, refusal: list[Answer]
) -> None:
    arranged.wants(5)
    _take_over(arranged)
    arranged.session.execute(update(LineItem).values(inherited_at=now() - LAUNCH_AWAITED))
    arranged.session.commit()
    server.will("score", *refusal)
    arranged.work()
    assert arranged.row().status is ScoreStatus.REFUSED
    _named(arranged, 9)
    arranged.work()
    assert arranged.row().status is ScoreStatus.SENT


def test_what_was_refused_for_another_cause_stays_refused(
    arranged: Arranged, server: AgsServer
) -> None:
    server.will("score", Answer(422, "no such student"))
    arranged.wants(5)
    arranged.work()
    assert _take_over(arranged) == 0
    arranged.work()
    assert arranged.row().status is ScoreStatus.REFUSED
    assert len(server.of("score")) == 1


def test_a_column_that_was_let_go_stays_so(arranged: Arranged, server: AgsServer) -> None:
    server.will("score", Answer(403))
    arranged.wants(5)
    arranged.work()
    arranged.session.rollback()
    arranged.session.execute(update(LineItem).values(resource_link_id=None))
    arranged.session.commit()
    assert _take_over(arranged) == 0
    assert arranged.session.scalars(select(LineItem.inherited_at)).all() == [None]


def test_what_a_launch_names_while_a_score_is_refused_is_tried_at_once(
    arranged: Arranged, server: AgsServer
) -> None:
    arranged.wants(5)
    _take_over(arranged)
    server.will("score", Answer(403))
    server.will("items", Answer(503))  # no look today: the score waits for the LMS
    arranged.work()
    assert arranged.row().status is ScoreStatus.WAITING
    _named(arranged, 9)
    arranged.work()
    row = arranged.row()
    assert (row.status, row.attempts) == (ScoreStatus.SENT, 0)
