"""Answers that come at the same moment: none is lost, none is double, none waits for ever."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.extensions import transaction
from app.mastery.irt import Belief, ConceptView, Encounter, new_concept, update
from app.practice.answering import Learner, Submission, answer
from models import (
    ConceptBelief,
    CourseRole,
    LearnerConceptBelief,
    LearnerItemHistory,
    PracticeQuestion,
    StudentAttempt,
    StudentProgress,
)
from tests import factories

Together = Callable[[list[tuple[Learner, Submission]]], list[uuid.UUID]]


@pytest.fixture
def together(app: Flask) -> Together:
    """Give all these answers at once, each in a thread and transaction of its own."""

    def run(answers: list[tuple[Learner, Submission]]) -> list[uuid.UUID]:
        barrier = threading.Barrier(len(answers))

        def give(learner: Learner, submission: Submission) -> uuid.UUID:
            with app.app_context():
                barrier.wait(timeout=10)
                with transaction() as session:
                    return answer(session, learner, submission).attempt_id

        with ThreadPoolExecutor(len(answers)) as pool:
            return [f.result(timeout=30) for f in [pool.submit(give, *one) for one in answers]]

    return run


@pytest.fixture
def questions(session: Session) -> list[PracticeQuestion]:
    concept = factories.concept(session, factories.course(session))
    made = [factories.question(session, concept) for _ in range(4)]
    session.commit()
    return made


def _learner(session: Session, question: PracticeQuestion) -> Learner:
    student = factories.user(session)
    session.commit()
    return Learner(student.user_id, question.course_id, CourseRole.STUDENT)


def _submission(question: PracticeQuestion, given: str = "b", key: str = "") -> Submission:
    return Submission(question.question_id, given, key or uuid.uuid4().hex)


def test_a_form_sent_twice_at_once_is_one_attempt(
    session: Session, questions: list[PracticeQuestion], together: Together
) -> None:
    for _ in range(4):
        learner, key = _learner(session, questions[0]), uuid.uuid4().hex
        ids = together([(learner, _submission(questions[0], "b", key))] * 4)
        assert len(set(ids)) == 1
        history = session.get_one(LearnerItemHistory, (learner.user_id, questions[0].question_id))
        assert (history.successes, history.failures) == (1, 0)


def test_two_questions_at_once_both_count(
    session: Session, questions: list[PracticeQuestion], together: Together
) -> None:
    learner = _learner(session, questions[0])
    together([(learner, _submission(question)) for question in questions])
    on_concept = session.scalars(select(LearnerConceptBelief)).one()
    progress = session.scalars(select(StudentProgress)).one()
    assert on_concept.answer_count == progress.interaction_count == 4
    answers = session.scalars(select(StudentAttempt).order_by(StudentAttempt.sequence)).all()
    assert [(a.model_inputs or {})["answers"] for a in answers] == [0, 1, 2, 3]
    assert [(a.model_inputs or {})["before"] for a in answers[1:]] == [
        (a.model_inputs or {})["after"] for a in answers[:-1]
    ]


def test_a_class_on_the_same_questions_loses_no_update(
    session: Session, questions: list[PracticeQuestion], together: Together
) -> None:
    learners = [_learner(session, questions[0]) for _ in range(4)]
    for turn in range(4):  # each turn in another order, so that locks meet crosswise
        together(
            [
                (learner, _submission(questions[(turn + i) % 4], "b" if i % 2 else "a"))
                for i, learner in enumerate(learners)
            ]
        )
    assert session.scalar(select(func.count()).select_from(StudentAttempt)) == 16
    first = _replayed_concept_variance(session)
    session.expire_all()
    assert session.scalars(select(ConceptBelief)).one().variance == pytest.approx(first)


def _replayed_concept_variance(session: Session) -> float:
    """The concept's variance after all attempts, each from what the one before left."""
    concept = new_concept()
    attempts = list(session.scalars(select(StudentAttempt)))
    pending = {tuple(next(iter((a.model_inputs or {})["concepts"].values()))): a for a in attempts}
    assert len(pending) == len(attempts), "two updates began from the same state: one is lost"
    while pending:
        attempt = pending.pop((concept.mean, concept.variance))
        inputs = attempt.model_inputs or {}
        view = ConceptView(
            learner=_belief(inputs["on_concept"]),
            concept=concept,
            answers=inputs["answers"],
            minutes_since=inputs["minutes_since"],
        )
        encounter = Encounter(_belief(inputs["learner"]), _belief(inputs["item"]), (view,))
        concept = update(encounter, inputs["outcome"]).concepts[0]
    return concept.variance


def _belief(pair: list[float]) -> Belief:
    return Belief(*pair)
