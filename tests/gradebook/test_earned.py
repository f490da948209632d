"""What a learner has earned, from real answers: windows to the moment, and mastery."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.gradebook.columns import earned, graded
from app.gradebook.scoring import Score
from app.practice.answering import Learner, Submission, answer
from app.practice.standing import standing_on
from models import Activity, ActivityKind, Concept, Course, CourseRole, ScorePolicy
from tests import factories

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


class Room:
    """A practice set over two concepts and one student who came by its link."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.course: Course = factories.course(session, time_zone="Asia/Tokyo")
        self.concepts: list[Concept] = [factories.concept(session, self.course) for _ in "ab"]
        self.questions = [factories.question(session, one) for one in self.concepts for _ in "ab"]
        member = factories.member(session, self.course, CourseRole.STUDENT)
        self.activity = Activity(
            course_id=self.course.course_id,
            kind=ActivityKind.PRACTICE,
            title="Set",
            concepts=self.concepts,
            points=Decimal(10),
            question_count=2,
            created_by=self.questions[0].created_by,
        )
        session.add(self.activity)
        session.flush()
        self.learner = Learner(
            member.student_id, self.course.course_id, member.role, self.activity.activity_id
        )

    def answer(self, question: int = 0, given: str = "b", at: datetime = NOON) -> None:
        submission = Submission(self.questions[question].question_id, given, uuid.uuid4().hex)
        answer(self.session, self.learner, submission, at)

    def earned(self, **changes: Any) -> Score:
        for name, value in changes.items():
            setattr(self.activity, name, value)
        self.session.flush()
        found = graded(self.activity)
        assert found is not None
        return earned(self.session, self.learner.user_id, found)

    def shown(self, concept: int) -> float:
        standing = standing_on(
            self.session,
            self.learner.user_id,
            self.course.course_id,
            self.concepts[concept].concept_id,
        )
        assert standing.shown is not None
        return standing.shown.mean


@pytest.fixture
def room(session: Session) -> Room:
    return Room(session)


@pytest.mark.parametrize(
    ("dates", "given"),
    [
        ({}, 5),
        ({"opens_at": NOON}, 5),
        ({"opens_at": NOON + MOMENT}, 0),
        ({"closes_at": NOON}, 0),
        ({"closes_at": NOON + MOMENT}, 5),
        ({"due_at": NOON - timedelta(days=1)}, 5),
    ],
)
@pytest.mark.parametrize("policy", [ScorePolicy.BEST, ScorePolicy.LAST, ScorePolicy.AVERAGE])
def test_only_what_is_answered_while_it_is_open_counts(
    room: Room, policy: ScorePolicy, dates: dict[str, datetime], given: int
) -> None:
    room.answer()
    assert room.earned(score_policy=policy, **dates).given == given


def test_an_answer_after_the_end_takes_nothing_away(room: Room) -> None:
    room.answer()
    room.answer(given="a", at=NOON + timedelta(days=2))
    closed = NOON + timedelta(days=1)
    assert room.earned(score_policy=ScorePolicy.LAST, closes_at=closed).given == 5
    assert room.earned(closes_at=None).given == 0


def test_mastery_is_what_the_learner_is_shown(room: Room) -> None:
    room.answer(0)
    first = room.earned(score_policy=ScorePolicy.MASTERY)
    assert float(first.given) == pytest.approx(10 * room.shown(0) / 2 / 2, abs=1e-4)
    assert not first.is_complete
    shown = room.shown(0)
    room.answer(2, "a")
    second = room.earned()
    assert float(second.given) == pytest.approx(10 * (shown + room.shown(1)) / 2, abs=1e-4)
    assert second.is_complete
    assert second.likely is not None
    assert second.likely[0] < second.given < second.likely[1]


def test_mastery_stands_still_once_it_is_closed(room: Room) -> None:
    room.answer(0)
    room.answer(2)
    before = room.earned(score_policy=ScorePolicy.MASTERY, closes_at=NOON + MOMENT)
    room.answer(1, "a", NOON + timedelta(hours=1))
    assert room.earned() == before


def test_other_learners_move_no_score_by_mastery(room: Room) -> None:
    room.answer(0)
    before = room.earned(score_policy=ScorePolicy.MASTERY)
    other = factories.member(room.session, room.course, CourseRole.STUDENT)
    submission = Submission(room.questions[0].question_id, "a", uuid.uuid4().hex)
    learner = Learner(other.student_id, room.course.course_id, other.role)
    answer(room.session, learner, submission, NOON)
    assert room.earned() == before
