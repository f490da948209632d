"""What a learner's answers add up to on a concept: StudentProgress, and when it was mastered."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mastery.shown import DEFAULT_BAR, Level, level
from app.practice.learning import Learned
from app.practice.standing import record_of
from models import LearnerConceptBelief, MasteryLevel, StudentAttempt, StudentProgress


def note_progress(
    session: Session, attempt: StudentAttempt, concept_id: UUID, learned: Learned
) -> None:
    """Bring the learner's StudentProgress up to date by an attempt; their lock is held."""
    progress = _progress(session, attempt, concept_id)
    record = record_of(session, attempt.student_id, concept_id)
    before: Level = progress.mastery_level.value
    reached = level(
        learned.shown, record, DEFAULT_BAR, own_answer=learned.has_lowered, before=before
    )
    progress.mastery_level = MasteryLevel(reached)
    progress.confidence_score = round(Decimal(learned.shown.confidence), 5)
    progress.last_interaction = attempt.attempted_at
    progress.total_time_spent += attempt.time_taken_seconds or 0
    progress.interaction_count += 1
    _note_mastered(learned.on_concept, attempt.attempted_at, progress)
    session.flush()


def _progress(session: Session, attempt: StudentAttempt, concept_id: UUID) -> StudentProgress:
    progress = session.scalar(
        select(StudentProgress)
        .where(
            StudentProgress.student_id == attempt.student_id,
            StudentProgress.concept_id == concept_id,
        )
        .execution_options(populate_existing=True)
    )
    if progress is None:
        progress = StudentProgress(
            student_id=attempt.student_id,
            concept_id=concept_id,
            mastery_level=MasteryLevel.NOT_STARTED,
            first_interaction=attempt.attempted_at,
            total_time_spent=0,
            interaction_count=0,
        )
        session.add(progress)
    return progress


def _note_mastered(
    on_concept: LearnerConceptBelief, at: datetime, progress: StudentProgress
) -> None:
    if progress.mastery_level is not MasteryLevel.MASTERED:
        on_concept.mastered_at = None
    elif on_concept.mastered_at is None:
        on_concept.mastered_at = at
