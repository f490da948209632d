"""An answer: attempt, learner model, progress, all in one step."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.practice.answering import MOST_SECONDS, Learner, Submission, answer
from app.practice.grading import AnswerRefused
from app.practice.standing import standing_on
from models import (
    Concept,
    ConceptBelief,
    Course,
    CourseRole,
    ItemBelief,
    LearnerBelief,
    LearnerConceptBelief,
    LearnerItemHistory,
    MasteryLevel,
    PracticeQuestion,
    StudentAttempt,
    StudentProgress,
)
from tests import factories

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Room:
    """A course with a concept, its questions and one student."""

    def __init__(self, session: Session, questions: int = 1, **course: Any) -> None:
        self.session = session
        self.course: Course = factories.course(session, **course)
        self.concept: Concept = factories.concept(session, self.course)
        self.questions: list[PracticeQuestion] = [
            factories.question(session, self.concept) for _ in range(questions)
        ]
        self.learner = self.student()
        session.commit()

    def student(self, role: CourseRole = CourseRole.STUDENT) -> Learner:
        member = factories.member(self.session, self.course, role)
        return Learner(member.student_id, self.course.course_id, role)

    def answer(
        self, given: str = "b", at: datetime = NOON, question: int = 0, **more: Any
    ) -> StudentAttempt:
        learner = more.pop("learner", self.learner)
        submission = Submission(
            self.questions[question].question_id, given, more.pop("key", uuid.uuid4().hex), **more
        )
        attempt = answer(self.session, learner, submission, at)
        self.session.commit()
        return attempt

    def calibrate(self) -> None:
        """As if many others had answered: the questions and the concept are well known."""
        for question in self.questions:
            self.session.add(ItemBelief(question_id=question.question_id, mean=0.0, variance=0.1))
        self.session.add(
            ConceptBelief(concept_id=self.concept.concept_id, mean=-0.5, variance=0.05)
        )
        self.session.commit()

    def progress(self, learner: Learner | None = None) -> StudentProgress:
        student = (learner or self.learner).user_id
        return self.session.scalars(
            select(StudentProgress).where(StudentProgress.student_id == student)
        ).one()

    def beliefs(self) -> list[tuple[float, float]]:
        """Of every item and concept."""
        self.session.expire_all()
        rows = [
            *self.session.scalars(select(ItemBelief)),
            *self.session.scalars(select(ConceptBelief)),
        ]
        return [(row.mean, row.variance) for row in rows]


@pytest.fixture
def room(session: Session) -> Room:
    return Room(session)


def test_an_attempt_fills_every_column(room: Room) -> None:
    attempt = room.answer("a", seconds=41)
    assert attempt.student_id == room.learner.user_id
    assert attempt.submitted_answer == "a"
    assert attempt.is_correct is False
    assert attempt.score == Decimal(0)
    assert attempt.time_taken_seconds == 41
    assert attempt.hint_count == 0
    assert attempt.feedback == (
        "That counts from 0.\n\nA list's length is the number of its items."
    )
    assert attempt.attempted_at == NOON
    assert attempt.activity_id is None
    assert attempt.sequence > 0
    inputs = attempt.model_inputs
    assert inputs is not None
    assert (inputs["evidence"], inputs["outcome"], inputs["day"]) == (True, 0.0, "2026-11-22")
    assert set(inputs["concepts"]) == {str(room.concept.concept_id)}


def test_progress_and_beliefs_follow_the_answer(room: Room) -> None:
    attempt = room.answer(seconds=30)
    progress = room.progress()
    assert progress.mastery_level is MasteryLevel.IN_PROGRESS
    assert (progress.interaction_count, progress.total_time_spent) == (1, 30)
    assert progress.first_interaction == progress.last_interaction == NOON
    assert attempt.model_inputs is not None
    assert float(progress.confidence_score or 0) == pytest.approx(
        attempt.model_inputs["after"][1], abs=1e-5
    )
    before, after = attempt.model_inputs["before"], attempt.model_inputs["after"]
    assert after[0] > before[0]
    shown = standing_on(
        room.session, room.learner.user_id, room.course.course_id, room.concept.concept_id
    ).shown
    assert shown is not None
    assert [shown.mean, shown.low, shown.high] == pytest.approx(after)
    on_concept = room.session.scalars(select(LearnerConceptBelief)).one()
    assert (on_concept.answer_count, on_concept.last_answer_at) == (1, NOON)


def test_a_wrong_answer_lowers_the_figure(room: Room) -> None:
    inputs = room.answer("a").model_inputs
    assert inputs is not None
    assert inputs["after"][0] < inputs["before"][0]


def test_the_first_answer_of_the_day_counts_and_later_ones_are_practice(room: Room) -> None:
    room.answer("a")
    beliefs = room.beliefs()
    again = room.answer("b", NOON + timedelta(hours=1))
    assert again.model_inputs is not None
    assert again.model_inputs["evidence"] is False
    assert again.model_inputs["after"] == again.model_inputs["before"]
    assert room.beliefs() == beliefs
    assert room.progress().interaction_count == 2
    tomorrow = room.answer("b", NOON + timedelta(days=1))
    assert tomorrow.model_inputs is not None
    assert tomorrow.model_inputs["evidence"] is True
    assert (tomorrow.model_inputs["successes"], tomorrow.model_inputs["failures"]) == (1, 1)
    history = room.session.scalars(select(LearnerItemHistory)).one()
    assert (history.successes, history.failures, history.unaided_successes) == (2, 1, 1)


def test_the_day_is_the_courses_day(session: Session) -> None:
    room = Room(session, time_zone="Asia/Tokyo")
    room.answer("b", datetime(2026, 11, 22, 14, 50, tzinfo=UTC))
    after_midnight = room.answer("b", datetime(2026, 11, 22, 15, 10, tzinfo=UTC))
    assert after_midnight.model_inputs is not None
    assert after_midnight.model_inputs["evidence"] is True
    assert after_midnight.model_inputs["day"] == "2026-11-23"


def test_the_same_form_twice_is_one_attempt(room: Room) -> None:
    key = uuid.uuid4().hex
    first = room.answer("a", key=key)
    beliefs = room.beliefs()
    second = room.answer("b", key=key)
    assert second is first
    assert room.session.scalar(select(func.count()).select_from(StudentAttempt)) == 1
    assert (room.beliefs(), room.progress().interaction_count) == (beliefs, 1)


@pytest.mark.parametrize("key", ["", "x" * 32, "a" * 31, "A" * 32])
def test_a_form_without_a_proper_key_is_refused(room: Room, key: str) -> None:
    with pytest.raises(AnswerRefused):
        room.answer("b", key=key)


def test_a_refused_answer_leaves_nothing(room: Room) -> None:
    with pytest.raises(AnswerRefused):
        room.answer("z")
    room.session.rollback()
    for table in (StudentAttempt, StudentProgress, LearnerBelief, ItemBelief):
        assert room.session.scalar(select(func.count()).select_from(table)) == 0


def test_a_question_of_another_course_does_not_exist(room: Room, session: Session) -> None:
    other = Room(session)
    with pytest.raises(NotFound):
        room.answer("b", learner=other.learner)


@pytest.mark.parametrize(
    ("seconds", "kept"), [(None, None), (-5, 0), (10, 10), (999_999, MOST_SECONDS)]
)
def test_time_is_capped(room: Room, seconds: int | None, kept: int | None) -> None:
    assert room.answer(seconds=seconds).time_taken_seconds == kept
    assert room.progress().total_time_spent == (kept or 0)


def test_a_preview_is_stored_but_moves_nothing_that_others_share(room: Room) -> None:
    room.answer("a")
    beliefs = room.beliefs()
    visitor = room.student(CourseRole.TEST_STUDENT)
    attempt = room.answer("b", learner=visitor)
    assert attempt.is_correct
    assert room.beliefs() == beliefs
    assert room.progress(visitor).interaction_count == 1


def test_mastered_needs_five_questions_three_right_alone_on_two_days(session: Session) -> None:
    room = Room(session, questions=8)
    room.calibrate()
    for i in range(8):
        room.answer("b", NOON + timedelta(minutes=i), question=i)
    assert room.progress().mastery_level is MasteryLevel.IN_PROGRESS
    for i in range(4):
        room.answer("b", NOON + timedelta(days=1, minutes=i), question=i)
    assert room.progress().mastery_level is MasteryLevel.MASTERED
    standing = standing_on(
        session, room.learner.user_id, room.course.course_id, room.concept.concept_id
    )
    assert (standing.record.items, standing.record.unaided, standing.record.days) == (8, 8, 2)
    assert standing.mastered_at is not None


def test_what_others_do_takes_no_mastery_away(session: Session) -> None:
    room = Room(session, questions=8)
    room.calibrate()
    for day in range(2):
        for i in range(8):
            room.answer("b", NOON + timedelta(days=day, minutes=i), question=i)
    assert room.progress().mastery_level is MasteryLevel.MASTERED
    concept = session.get_one(ConceptBelief, room.concept.concept_id)
    concept.mean += 3.0  # as if the concept had turned out much harder for others
    session.commit()
    room.answer("b", NOON + timedelta(days=1, hours=1), question=0)  # practice
    assert room.progress().mastery_level is MasteryLevel.MASTERED
    room.answer("b", NOON + timedelta(days=2), question=0)  # right, so not its doing
    assert room.progress().mastery_level is MasteryLevel.MASTERED
    room.answer("a", NOON + timedelta(days=3), question=1)
    assert room.progress().mastery_level is MasteryLevel.IN_PROGRESS
