"""Chooses a learner's next question on one concept or several, and says why it comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.mastery.choosing import Candidate, in_order, reason
from app.mastery.irt import (
    NEW_LEARNER,
    NEW_LEARNER_ON_CONCEPT,
    ConceptView,
    Encounter,
    predict,
)
from app.practice.beliefs import belief_of, concept_beliefs, item_beliefs, view_of
from app.practice.grading import GRADED_HERE
from models import (
    LearnerBelief,
    LearnerConceptBelief,
    LearnerItemHistory,
    PracticeQuestion,
    StudentAttempt,
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The next question; `number` counts the learner's answers on the concepts, this one too."""

    question: PracticeQuestion
    why: str
    number: int


def next_question(
    session: Session,
    student_id: UUID,
    course_id: UUID,
    concept_ids: Sequence[UUID],
    at: datetime,
) -> Chosen | None:
    """The question that comes next; None where the concepts have none in use."""
    questions = _questions(session, course_id, concept_ids)
    if not questions:
        return None
    views = _views(session, student_id, concept_ids, at)
    histories = _histories(session, student_id, questions)
    seen = _last_seen(session, student_id, questions)
    items = item_beliefs(session, questions)
    general = session.get(LearnerBelief, (student_id, course_id))

    def candidate(question: PracticeQuestion) -> Candidate:
        history = histories.get(question.question_id)
        encounter = Encounter(
            learner=belief_of(general) if general else NEW_LEARNER,
            item=items[question.question_id],
            concepts=(views[question.concept_id],),
            successes=history.successes if history else 0,
            failures=history.failures if history else 0,
        )
        return Candidate(
            str(question.question_id), predict(encounter).chance, seen.get(question.question_id)
        )

    first = in_order(map(candidate, questions), str(student_id))[0]
    chosen = next(q for q in questions if str(q.question_id) == first.item_id)
    return Chosen(chosen, reason(first), number_of_next(session, student_id, concept_ids))


def number_of_next(session: Session, student_id: UUID, concept_ids: Sequence[UUID]) -> int:
    """The number of the learner's next answer on the concepts, from 1."""
    rows = _on_concepts(session, student_id, concept_ids).values()
    return 1 + sum(row.answer_count for row in rows)


def _questions(
    session: Session, course_id: UUID, concept_ids: Sequence[UUID]
) -> list[PracticeQuestion]:
    found = session.scalars(
        select(PracticeQuestion).where(
            PracticeQuestion.course_id == course_id,
            PracticeQuestion.concept_id.in_(concept_ids),
            PracticeQuestion.is_active,
            PracticeQuestion.question_type.in_(GRADED_HERE),
        )
    )
    return list(found)


def _views(
    session: Session, student_id: UUID, concept_ids: Sequence[UUID], at: datetime
) -> dict[UUID, ConceptView]:
    """The concepts as the learner meets them at `at`."""
    rows = _on_concepts(session, student_id, concept_ids)
    concepts = concept_beliefs(session, concept_ids)
    return {
        concept_id: view_of(rows[concept_id], belief, at)
        if concept_id in rows
        else ConceptView(NEW_LEARNER_ON_CONCEPT, belief)
        for concept_id, belief in concepts.items()
    }


def _on_concepts(
    session: Session, student_id: UUID, concept_ids: Sequence[UUID]
) -> dict[UUID, LearnerConceptBelief]:
    rows = session.scalars(
        select(LearnerConceptBelief).where(
            LearnerConceptBelief.student_id == student_id,
            LearnerConceptBelief.concept_id.in_(concept_ids),
        )
    )
    return {row.concept_id: row for row in rows}


def _histories(
    session: Session, student_id: UUID, questions: list[PracticeQuestion]
) -> dict[UUID, LearnerItemHistory]:
    rows = session.scalars(
        select(LearnerItemHistory).where(
            LearnerItemHistory.student_id == student_id,
            LearnerItemHistory.question_id.in_([q.question_id for q in questions]),
        )
    )
    return {row.question_id: row for row in rows}


def _last_seen(
    session: Session, student_id: UUID, questions: list[PracticeQuestion]
) -> dict[UUID, datetime]:
    rows = session.execute(
        select(StudentAttempt.question_id, func.max(StudentAttempt.attempted_at))
        .where(
            StudentAttempt.student_id == student_id,
            StudentAttempt.question_id.in_([q.question_id for q in questions]),
        )
        .group_by(StudentAttempt.question_id)
    )
    return {row[0]: row[1] for row in rows}
