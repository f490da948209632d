"""The question bank."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.practice.choices import Choice
from app.practice.drafts import Draft
from app.practice.questions import (
    change_question,
    counts_in_use,
    create_question,
    get_question,
    questions_of,
    set_in_use,
)
from models import AuditEvent, Concept, DifficultyLevel, QuestionType, StudentAttempt, User
from tests import factories

DRAFT = Draft(
    question_type=QuestionType.MULTIPLE_CHOICE,
    text="What is 1 + 1?",
    choices=(Choice("a", "1"), Choice("b", "2")),
    correct="b",
    explanation=None,
    difficulty=DifficultyLevel.BEGINNER,
    minutes=None,
)


@pytest.fixture
def concept(session: Session) -> Concept:
    return factories.concept(session, factories.course(session))


@pytest.fixture
def teacher(session: Session) -> User:
    return factories.user(session)


def test_a_question_is_written_taken_out_and_brought_back(
    session: Session, concept: Concept, teacher: User
) -> None:
    course_id, by = concept.course_id, teacher.user_id
    first = create_question(session, course_id, concept.concept_id, by, DRAFT)
    second = create_question(session, course_id, concept.concept_id, by, DRAFT)
    set_in_use(session, first, by, False)
    assert counts_in_use(session, course_id) == {concept.concept_id: 1}
    assert questions_of(session, course_id, concept.concept_id) == [second, first]
    set_in_use(session, first, by, True)
    set_in_use(session, first, by, True)
    assert counts_in_use(session, course_id) == {concept.concept_id: 2}
    actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.at)).all()
    assert actions == ["question.created"] * 2 + ["question.taken_out", "question.brought_back"]


def test_a_question_of_another_course_does_not_exist(session: Session, concept: Concept) -> None:
    question = factories.question(session, concept)
    other = factories.course(session)
    with pytest.raises(NotFound):
        get_question(session, other.course_id, question.question_id)
    assert get_question(session, concept.course_id, question.question_id) is question


def test_before_the_first_answer_everything_may_change(
    session: Session, concept: Concept, teacher: User
) -> None:
    question = create_question(
        session, concept.course_id, concept.concept_id, teacher.user_id, DRAFT
    )
    changed = change_question(session, question, teacher.user_id, replace(DRAFT, correct="a"))
    assert changed is question
    assert changed.correct_answer == "a"


def test_what_was_answered_stays_and_the_new_wording_is_a_new_question(
    session: Session, concept: Concept, teacher: User
) -> None:
    by = teacher.user_id
    question = create_question(session, concept.course_id, concept.concept_id, by, DRAFT)
    student = factories.user(session)
    session.add(
        StudentAttempt(
            student_id=student.user_id,
            question_id=question.question_id,
            submitted_answer="b",
            is_correct=True,
        )
    )
    session.flush()

    same = change_question(
        session,
        question,
        by,
        replace(DRAFT, explanation="Count.", choices=(Choice("a", "1", "No."), Choice("b", "2"))),
    )
    assert same is question
    assert question.explanation == "Count."

    new = change_question(session, question, by, replace(DRAFT, correct="a"))
    assert new is not question
    assert (question.is_active, question.correct_answer) == (False, "b")
    assert (new.is_active, new.correct_answer) == (True, "a")
