"""The whole set is handed in once, also where the grade is the one of a part: Canvas's attempts."""

import pytest
from sqlalchemy.orm import Session

from models import ScoreStatus
from tests.gradebook.ags_server import AgsServer, Answer
from tests.gradebook.arranged import Arranged, arrange

EXTENSION = "https://canvas.instructure.com/lti/submission"


@pytest.fixture
def canvas(app: object, session: Session, server: AgsServer) -> Arranged:
    return arrange(session, server, "canvas")


def completes(arranged: Arranged) -> None:
    """The last answers were wrong: as many points as before, and the set is whole."""
    row = arranged.row()
    row.is_complete = True
    arranged.session.commit()
    arranged.wants(5)


def handed_in(arranged: Arranged) -> list[bool]:
    return [one.body[EXTENSION]["new_submission"] for one in arranged.server.of("score")]


def test_an_equal_grade_of_the_whole_set_is_sent_to_hand_it_in(canvas: Arranged) -> None:
    canvas.wants(5)
    canvas.work()
    completes(canvas)
    canvas.work()
    assert handed_in(canvas) == [False, True]
    assert canvas.row().submitted_at is not None


def test_it_is_handed_in_although_the_line_broke(canvas: Arranged) -> None:
    """The gradebook shows the grade already, which says nothing of what was handed in."""
    canvas.wants(5)
    canvas.work()
    canvas.server.will("score", Answer(breaks_line=True))
    completes(canvas)
    canvas.work()
    canvas.later()
    canvas.work()
    assert canvas.server.scores()[-1] == (5, 200)
    assert handed_in(canvas)[-1] is True
    assert canvas.row().status is ScoreStatus.SENT
    canvas.wants(6)
    canvas.work()
    assert handed_in(canvas)[-1] is False, "what comes after improves the same attempt"


def test_a_repeated_send_of_a_whole_set_is_not_posted_twice(canvas: Arranged) -> None:
    canvas.wants(5, is_complete=True)
    canvas.server.will("score", Answer(breaks_line=True, takes_it=True))
    canvas.work()
    canvas.later()
    canvas.work()
    assert handed_in(canvas) == [True]
    assert canvas.row().status is ScoreStatus.SENT
