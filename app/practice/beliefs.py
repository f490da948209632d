"""The rows behind the learner model: read for a prediction, locked for an update.

Locks are taken in one order everywhere: learner, learner on the concept, item, concept. The first
lock also makes one learner's answers come one after another.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.mastery.irt import (
    NEW_LEARNER,
    NEW_LEARNER_ON_CONCEPT,
    Belief,
    ConceptView,
    new_concept,
    new_item,
)
from app.practice.choices import choices_of
from models import (
    Base,
    ConceptBelief,
    ItemBelief,
    LearnerBelief,
    LearnerConceptBelief,
    PracticeQuestion,
)

Row = TypeVar("Row", bound=Base)
BeliefRow = LearnerBelief | LearnerConceptBelief | ItemBelief | ConceptBelief


def lock_learner(session: Session, student_id: UUID, course_id: UUID) -> LearnerBelief:
    """The learner's row in the course, made if need be; other answers of theirs wait."""
    key = {"student_id": student_id, "course_id": course_id}
    return _locked(session, LearnerBelief, key, NEW_LEARNER)


def lock_learner_on_concept(
    session: Session, student_id: UUID, concept_id: UUID
) -> LearnerConceptBelief:
    """The learner's row on the concept, made if need be. After `lock_learner`."""
    key = {"student_id": student_id, "concept_id": concept_id}
    start = {"answer_count": 0}
    return _locked(session, LearnerConceptBelief, key, NEW_LEARNER_ON_CONCEPT, start)


def lock_question(session: Session, question: PracticeQuestion) -> tuple[ItemBelief, ConceptBelief]:
    """The rows that all learners share, item first. After the learner's own."""
    item = _locked(
        session, ItemBelief, {"question_id": question.question_id}, start_of_item(question)
    )
    concept = _locked(session, ConceptBelief, {"concept_id": question.concept_id}, new_concept())
    return item, concept


def item_beliefs(session: Session, questions: Sequence[PracticeQuestion]) -> dict[UUID, Belief]:
    """How hard each question is believed to be; read only."""
    ids = [question.question_id for question in questions]
    rows = session.scalars(select(ItemBelief).where(ItemBelief.question_id.in_(ids)))
    known = {row.question_id: belief_of(row) for row in rows}
    return {q.question_id: known.get(q.question_id) or start_of_item(q) for q in questions}


def concept_belief(session: Session, concept_id: UUID) -> Belief:
    """How hard the concept is believed to be; read only."""
    row = session.get(ConceptBelief, concept_id)
    return belief_of(row) if row else new_concept()


def concept_beliefs(session: Session, concept_ids: Sequence[UUID]) -> dict[UUID, Belief]:
    """The same for several concepts at once."""
    rows = session.scalars(select(ConceptBelief).where(ConceptBelief.concept_id.in_(concept_ids)))
    known = {row.concept_id: belief_of(row) for row in rows}
    return {concept_id: known.get(concept_id) or new_concept() for concept_id in concept_ids}


def start_of_item(question: PracticeQuestion) -> Belief:
    """What is believed of a question that nobody has answered."""
    return new_item(question.difficulty.value, len(choices_of(question)))


def view_of(on_concept: LearnerConceptBelief, concept: Belief, at: datetime) -> ConceptView:
    """A concept as the learner meets it at `at`."""
    last = on_concept.last_answer_at
    return ConceptView(
        learner=belief_of(on_concept),
        concept=concept,
        answers=on_concept.answer_count,
        minutes_since=(at - last).total_seconds() / 60.0 if last else None,
    )


def belief_of(row: BeliefRow) -> Belief:
    """The belief that a row holds."""
    return Belief(row.mean, row.variance)


def set_belief(row: BeliefRow, belief: Belief) -> None:
    """Write a belief into its row."""
    row.mean, row.variance = belief.mean, belief.variance


def _locked(
    session: Session,
    model: type[Row],
    key: dict[str, UUID],
    start: Belief,
    more: dict[str, Any] | None = None,
) -> Row:
    first = {"mean": start.mean, "variance": start.variance, **(more or {})}
    session.execute(insert(model).values(**key, **first).on_conflict_do_nothing())
    return session.execute(
        select(model).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()
