"""Whose grade it is that the LMS shows, where an answer was lost."""

import pytest

from app.gradebook.delivery import PATIENCE
from models import ScoreStatus
from tests.gradebook.ags_server import AgsServer, Answer
from tests.gradebook.arranged import Arranged

SENT, REFUSED = ScoreStatus.SENT, ScoreStatus.REFUSED


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
