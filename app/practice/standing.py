"""Where a learner stands on a concept: the figure they are shown and what is still to do."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mastery.irt import NEW_LEARNER
from app.mastery.shown import DEFAULT_BAR, Bar, Record, ShownMastery, shown_mastery
from app.practice.beliefs import belief_of, concept_belief
from models import (
    Concept,
    ConceptBelief,
    LearnerBelief,
    LearnerConceptBelief,
    MasteryLevel,
    PracticeQuestion,
    StudentAttempt,
    StudentProgress,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """`shown` is None before the first answer: then there is no figure to show."""

    level: MasteryLevel
    shown: ShownMastery | None
    record: Record
    bar: Bar
    mastered_at: datetime | None


def standing_on(session: Session, student_id: UUID, course_id: UUID, concept_id: UUID) -> Standing:
    """Where the learner stands on one concept."""
    on_concept = session.get(LearnerConceptBelief, (student_id, concept_id))
    general = session.get(LearnerBelief, (student_id, course_id))
    level = session.scalar(
        select(StudentProgress.mastery_level).where(
            StudentProgress.student_id == student_id, StudentProgress.concept_id == concept_id
        )
    )
    shown = None
    if on_concept is not None and level is not None:
        shown = shown_mastery(
            belief_of(general) if general else NEW_LEARNER,
            belief_of(on_concept),
            concept_belief(session, concept_id),
        )
    return Standing(
        level=level or MasteryLevel.NOT_STARTED,
        shown=shown,
        record=record_of(session, student_id, concept_id),
        bar=DEFAULT_BAR,
        mastered_at=on_concept.mastered_at if on_concept else None,
    )


def shown_by_concept(
    session: Session, student_id: UUID, course_id: UUID
) -> dict[UUID, tuple[MasteryLevel, ShownMastery]]:
    """Level and figure of every concept of the course that the learner has answered on."""
    rows = session.execute(
        select(StudentProgress.mastery_level, LearnerConceptBelief, LearnerBelief, ConceptBelief)
        .join(
            LearnerConceptBelief,
            (LearnerConceptBelief.student_id == StudentProgress.student_id)
            & (LearnerConceptBelief.concept_id == StudentProgress.concept_id),
        )
        .join(Concept, Concept.concept_id == StudentProgress.concept_id)
        .join(
            LearnerBelief,
            (LearnerBelief.student_id == StudentProgress.student_id)
            & (LearnerBelief.course_id == Concept.course_id),
        )
        .outerjoin(ConceptBelief, ConceptBelief.concept_id == StudentProgress.concept_id)
        .where(StudentProgress.student_id == student_id, Concept.course_id == course_id)
    )
    return {
        on_concept.concept_id: (level, _shown(session, general, on_concept, concept))
        for level, on_concept, general, concept in rows
    }


def record_of(session: Session, student_id: UUID, concept_id: UUID) -> Record:
    """What the learner has done on the concept, counting only answers that were evidence."""
    rows = session.execute(
        select(
            StudentAttempt.question_id,
            StudentAttempt.is_correct,
            StudentAttempt.hint_count,
            StudentAttempt.model_inputs,
        )
        .join(PracticeQuestion, PracticeQuestion.question_id == StudentAttempt.question_id)
        .where(
            StudentAttempt.student_id == student_id,
            PracticeQuestion.concept_id == concept_id,
            StudentAttempt.model_inputs["evidence"].as_boolean(),
        )
    )
    answers = rows.all()
    unaided = [row for row in answers if row.is_correct and not row.hint_count]
    return Record(
        items=len({row.question_id for row in answers}),
        unaided=len({row.question_id for row in unaided}),
        days=len({row.model_inputs["day"] for row in unaided}),
    )


def _shown(
    session: Session,
    general: LearnerBelief,
    on_concept: LearnerConceptBelief,
    concept: ConceptBelief | None,
) -> ShownMastery:
    known = belief_of(concept) if concept else concept_belief(session, on_concept.concept_id)
    return shown_mastery(belief_of(general), belief_of(on_concept), known)
