"""What an answer does to the learner model: the one place that moves mastery.

Every answer is an encounter that later predictions know of; only the first of the day to a
question is evidence and moves beliefs (app/mastery/evidence.py).
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.mastery import evidence
from app.mastery.irt import Belief, Encounter, Update, predict, update
from app.mastery.shown import ShownMastery, shown_mastery
from app.practice.beliefs import (
    belief_of,
    concept_belief,
    item_beliefs,
    lock_learner_on_concept,
    lock_question,
    set_belief,
    view_of,
)
from models import (
    ConceptBelief,
    ItemBelief,
    LearnerBelief,
    LearnerConceptBelief,
    LearnerItemHistory,
    PracticeQuestion,
    StudentAttempt,
)


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer as it was graded. `share` of the points, 0 to 1."""

    share: float
    hints: int
    at: datetime
    zone: tzinfo
    """The course's; it says which answers are of one day."""


@dataclass(frozen=True, slots=True)
class Learned:
    """`inputs`: what the attempt keeps, so that the update can be replayed and told again."""

    on_concept: LearnerConceptBelief
    shown: ShownMastery
    inputs: dict[str, Any]

    @property
    def has_lowered(self) -> bool:
        """Whether this answer itself made the figure smaller. What others did does not count."""
        return bool(self.inputs["evidence"] and self.shown.mean < self.inputs["before"][0])


def learn(
    session: Session,
    learner: LearnerBelief,
    question: PracticeQuestion,
    graded: Graded,
    *,
    is_preview: bool,
) -> Learned:
    """Update the beliefs by one answer; `learner` is locked already (beliefs.lock_learner).

    In a preview the item and the concept, which all students share, stay as they are.
    """
    on_concept = lock_learner_on_concept(session, learner.student_id, question.concept_id)
    history = _history(session, learner.student_id, question.question_id)
    last = _last_answer(session, learner.student_id, question.question_id)
    is_evidence = evidence.counts(graded.at, last, history.revealed_at, graded.zone)
    shared = lock_question(session, question) if is_evidence and not is_preview else None
    encounter = _encounter(session, learner, on_concept, question, history, shared, graded.at)
    inputs = _inputs(encounter, question, is_evidence)
    if is_evidence:
        _update(encounter, graded, learner, on_concept, shared, inputs)
        _note_evidence(history, graded, inputs)
    _note_answer(history, on_concept, graded)
    concept = belief_of(shared[1]) if shared else encounter.concepts[0].concept
    shown = shown_mastery(belief_of(learner), belief_of(on_concept), concept)
    inputs["after"] = [shown.mean, shown.low, shown.high]
    session.flush()
    return Learned(on_concept, shown, inputs)


def _encounter(
    session: Session,
    learner: LearnerBelief,
    on_concept: LearnerConceptBelief,
    question: PracticeQuestion,
    history: LearnerItemHistory,
    shared: tuple[ItemBelief, ConceptBelief] | None,
    at: datetime,
) -> Encounter:
    if shared:
        item, concept = belief_of(shared[0]), belief_of(shared[1])
    else:
        item = item_beliefs(session, [question])[question.question_id]
        concept = concept_belief(session, question.concept_id)
    return Encounter(
        learner=belief_of(learner),
        item=item,
        concepts=(view_of(on_concept, concept, at),),
        successes=history.successes,
        failures=history.failures,
    )


def _update(
    encounter: Encounter,
    graded: Graded,
    learner: LearnerBelief,
    on_concept: LearnerConceptBelief,
    shared: tuple[ItemBelief, ConceptBelief] | None,
    inputs: dict[str, Any],
) -> None:
    answer = evidence.Answer(graded.share, graded.hints)
    weighed = evidence.weigh(answer, predict(encounter).plain_chance)
    after: Update = update(encounter, weighed.outcome, aided=weighed.aided)
    set_belief(learner, after.learner)
    set_belief(on_concept, after.on_concepts[0])
    if shared:
        set_belief(shared[0], after.item)
        set_belief(shared[1], after.concepts[0])
    inputs |= {"outcome": weighed.outcome, "aided": weighed.aided}


def _inputs(encounter: Encounter, question: PracticeQuestion, is_evidence: bool) -> dict[str, Any]:
    view = encounter.concepts[0]
    before = shown_mastery(encounter.learner, view.learner, view.concept)
    return {
        "evidence": is_evidence,
        "chance": predict(encounter).chance,
        "learner": _pair(encounter.learner),
        "on_concept": _pair(view.learner),
        "item": _pair(encounter.item),
        "concepts": {str(question.concept_id): _pair(view.concept)},
        "successes": encounter.successes,
        "failures": encounter.failures,
        "answers": view.answers,
        "minutes_since": view.minutes_since,
        "before": [before.mean, before.low, before.high],
    }


def _note_evidence(history: LearnerItemHistory, graded: Graded, inputs: dict[str, Any]) -> None:
    day = graded.at.astimezone(graded.zone).date()
    history.last_evidence_day = day
    inputs["day"] = day.isoformat()
    if graded.share == 1.0 and not graded.hints:
        history.unaided_successes += 1


def _note_answer(
    history: LearnerItemHistory, on_concept: LearnerConceptBelief, graded: Graded
) -> None:
    if graded.share == 1.0:
        history.successes += 1
    else:
        history.failures += 1
    on_concept.answer_count += 1
    on_concept.last_answer_at = graded.at


def _history(session: Session, student_id: UUID, question_id: UUID) -> LearnerItemHistory:
    found = session.get(LearnerItemHistory, (student_id, question_id), populate_existing=True)
    if found is None:
        found = LearnerItemHistory(
            student_id=student_id,
            question_id=question_id,
            successes=0,
            failures=0,
            unaided_successes=0,
        )
        session.add(found)
    return found


def _last_answer(session: Session, student_id: UUID, question_id: UUID) -> datetime | None:
    return session.scalar(
        select(func.max(StudentAttempt.attempted_at)).where(
            StudentAttempt.student_id == student_id, StudentAttempt.question_id == question_id
        )
    )


def _pair(belief: Belief) -> list[float]:
    return [belief.mean, belief.variance]
