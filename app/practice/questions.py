"""The question bank of a course: read, written, taken out of use and brought back."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.errors import NotFound
from app.practice.choices import stored
from app.practice.drafts import Draft
from app.practice.grading import GRADED_HERE
from models import CourseRole, Enrollment, PracticeQuestion, StudentAttempt


def questions_of(session: Session, course_id: UUID, concept_id: UUID) -> list[PracticeQuestion]:
    """All questions on a concept, those in use first, in the order they were written in."""
    found = session.scalars(
        select(PracticeQuestion)
        .where(PracticeQuestion.course_id == course_id, PracticeQuestion.concept_id == concept_id)
        .order_by(
            PracticeQuestion.is_active.desc(),
            PracticeQuestion.created_at,
            PracticeQuestion.question_id,
        )
    )
    return list(found)


def counts_in_use(session: Session, course_id: UUID) -> dict[UUID, int]:
    """How many questions each concept has in use; concepts without one are left out."""
    rows = session.execute(
        select(PracticeQuestion.concept_id, func.count())
        .where(
            PracticeQuestion.course_id == course_id,
            PracticeQuestion.is_active,
            PracticeQuestion.question_type.in_(GRADED_HERE),
        )
        .group_by(PracticeQuestion.concept_id)
    )
    return {row[0]: row[1] for row in rows}


def get_question(session: Session, course_id: UUID, question_id: UUID) -> PracticeQuestion:
    """One question of the course, in use or not.

    Raises NotFound, also for a question of another course.
    """
    found = session.scalar(
        select(PracticeQuestion).where(
            PracticeQuestion.question_id == question_id, PracticeQuestion.course_id == course_id
        )
    )
    if found is None:
        raise NotFound(reason=f"question {question_id} is not in course {course_id}")
    return found


def create_question(
    session: Session, course_id: UUID, concept_id: UUID, author_id: UUID, draft: Draft
) -> PracticeQuestion:
    """Put a question into the bank."""
    question = PracticeQuestion(
        course_id=course_id,
        concept_id=concept_id,
        created_by=author_id,
        question_type=draft.question_type,
        is_active=True,
        **_columns(draft),
    )
    session.add(question)
    session.flush()
    _note(session, author_id, question, "created")
    return question


def change_question(
    session: Session, question: PracticeQuestion, author_id: UUID, draft: Draft
) -> PracticeQuestion:
    """Change a question; the one that is now in the bank.

    What students were asked and answered stays as it was: once a question has answers, another
    wording, options or key make a new question, and the old one goes out of use. Explanation,
    difficulty and minutes change in place.
    """
    if _asks_the_same(question, draft) or not is_answered(session, question.question_id):
        for name, value in _columns(draft).items():
            setattr(question, name, value)
        session.flush()
        _note(session, author_id, question, "changed")
        return question
    set_in_use(session, question, author_id, False)
    return create_question(session, question.course_id, question.concept_id, author_id, draft)


def set_in_use(session: Session, question: PracticeQuestion, author_id: UUID, in_use: bool) -> None:
    """Take a question out of use, or bring it back. Answers given to it are kept."""
    if question.is_active == in_use:
        return
    question.is_active = in_use
    session.flush()
    _note(session, author_id, question, "brought_back" if in_use else "taken_out")


def is_answered(session: Session, question_id: UUID) -> bool:
    """Whether somebody has answered the question."""
    any_attempt = select(StudentAttempt.attempt_id).where(StudentAttempt.question_id == question_id)
    return session.scalar(select(any_attempt.exists())) or False


def answer_counts(session: Session, course_id: UUID, concept_id: UUID) -> dict[UUID, int]:
    """How many answers by students each question of a concept has; previews don't count."""
    rows = session.execute(
        select(StudentAttempt.question_id, func.count())
        .join(PracticeQuestion, PracticeQuestion.question_id == StudentAttempt.question_id)
        .join(Enrollment, Enrollment.student_id == StudentAttempt.student_id)
        .where(
            PracticeQuestion.course_id == course_id,
            PracticeQuestion.concept_id == concept_id,
            Enrollment.course_id == course_id,
            Enrollment.role != CourseRole.TEST_STUDENT,
        )
        .group_by(StudentAttempt.question_id)
    )
    return {row[0]: row[1] for row in rows}


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "question_text": draft.text,
        "options": stored(draft.choices),
        "correct_answer": draft.correct,
        "explanation": draft.explanation,
        "difficulty": draft.difficulty,
        "estimated_time_minutes": draft.minutes,
    }


def _asks_the_same(question: PracticeQuestion, draft: Draft) -> bool:
    texts = {c["key"]: c["text"] for c in (question.options or {}).get("choices", [])}
    wanted = {choice.key: choice.text for choice in draft.choices}
    return (
        question.question_text == draft.text
        and question.correct_answer == draft.correct
        and (texts or wanted) == wanted
    )


def _note(session: Session, author_id: UUID, question: PracticeQuestion, what: str) -> None:
    audit.record(
        session,
        author_id,
        question.course_id,
        f"question.{what}",
        str(question.question_id),
        {"concept_id": str(question.concept_id)},
    )
