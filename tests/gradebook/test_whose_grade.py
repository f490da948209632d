"""Whose grade it is that the LMS shows, where an answer was lost or somebody was faster."""

from decimal import Decimal
from typing import Any

import pytest

from app.gradebook import sending
from app.gradebook.delivery import PATIENCE
from app.gradebook.outbox import send_again
from models import ScoreStatus
from tests.gradebook.ags_server import AgsServer, Answer
from tests.gradebook.arranged import POINTS, Arranged

SENT, WAITING, REFUSED = ScoreStatus.SENT, ScoreStatus.WAITING, ScoreStatus.REFUSED


@pytest.mark.parametrize(
    "end",
    [
        {"results": Answer(403), "score": Answer(400)},
        {"results": Answer(503)},
    ],
    ids=["refused", "given up"],
)
def test_a_score_whose_answer_was_lost_is_ours_after_the_end_of_its_tries_too(
    arranged: Arranged, server: AgsServer, end: dict[str, Answer]
) -> None:
    """It stands in the gradebook, so a better one must not take it for somebody's change."""
    arranged.wants(5)
    arranged.work()
    server.will("score", Answer(breaks_line=True, takes_it=True))
    arranged.wants(7)
    arranged.work()
    for kind, answer in end.items():
        server.will(kind, answer)
    arranged.hours_pass(PATIENCE)
    arranged.later()
    arranged.work()
    assert arranged.row().status is REFUSED
    arranged.wants(8)
    arranged.work()
    assert arranged.row().status is SENT
    assert server.scores()[-1] == (8, 200)


def test_sending_again_counts_while_the_score_is_on_its_way(
    arranged: Arranged, server: AgsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker finds a grade of a teacher's in the moment in which a teacher says: ours."""
    arranged.wants(5)
    arranged.work()
    (key,) = server.grades
    server.grades[key] = (Decimal(9), Decimal(POINTS))
    send = sending.send

    def meanwhile(*given: Any) -> sending.Settled:
        monkeypatch.setattr(sending, "send", send)
        settled = send(*given)
        send_again(arranged.session, arranged.course.course_id, arranged.row().outbox_id)
        arranged.session.commit()
        return settled

    monkeypatch.setattr(sending, "send", meanwhile)
    arranged.wants(6)
    arranged.work()
    arranged.work()
    assert arranged.row().status is SENT
    assert server.grades[key] == (6, POINTS)
