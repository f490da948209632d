"""Takes a learner's answer: verdict, attempt, learner model, progress and score, all or nothing."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import zone_of
from app.gradebook.outbox import want_score
from app.practice.beliefs import lock_learner
from app.practice.choices import choices_of
from app.practice.grading import AnswerRefused, Verdict, grade
from app.practice.learning import Graded, Learned, learn
from app.practice.progress import note_progress
from app.practice.questions import get_question
from models import (
    Activity,
    ActivityKind,
    Concept,
    Course,
    CourseRole,
    PracticeQuestion,
    StudentAttempt,
    now,
)

MOST_SECONDS = 30 * 60
"""More than this on one question is a page left open, not work."""
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Learner:
    """Who answers, from where: the facts of the actor that count here."""

    user_id: UUID
    course_id: UUID
    role: CourseRole
    activity_id: UUID | None = None
    resource_link_id: UUID | None = None

    @property
    def is_preview(self) -> bool:
        """A test student: the flow works, but nobody else's figures move."""
        return self.role is CourseRole.TEST_STUDENT


@dataclass(frozen=True, slots=True)
class Submission:
    """What the form brings. `key` was made with the form: a double click is one attempt."""

    question_id: UUID
    answer: str | None
    key: str
    seconds: int | None = None


def answer(
    session: Session, learner: Learner, submission: Submission, at: datetime | None = None
) -> StudentAttempt:
    """Take one answer; the attempt, which is the earlier one where the same form came before.

    `at` is the present unless a test says otherwise. Raises NotFound, AnswerRefused.
    """
    if not _KEY.fullmatch(submission.key):
        raise AnswerRefused("This form is too old. Please answer again.", reason="no form key")
    question = get_question(session, learner.course_id, submission.question_id)
    keys = [choice.key for choice in choices_of(question)]
    verdict = grade(question.question_type, question.correct_answer, keys, submission.answer)
    belief = lock_learner(session, learner.user_id, learner.course_id)
    earlier = _earlier(session, learner.user_id, submission.key)
    if earlier is not None:
        return earlier
    zone = zone_of(session.get_one(Course, learner.course_id).time_zone)
    graded = Graded(float(verdict.share), hints=0, at=at or now(), zone=zone)
    learned = learn(session, belief, question, graded, is_preview=learner.is_preview)
    attempt = _attempt(session, learner, question, submission, verdict, learned, graded.at)
    note_progress(session, attempt, question.concept_id, learned)
    if attempt.activity_id is not None:
        want_score(
            session,
            user_id=learner.user_id,
            course_id=learner.course_id,
            activity_id=attempt.activity_id,
            resource_link_id=learner.resource_link_id,
        )
    return attempt


def _earlier(session: Session, student_id: UUID, key: str) -> StudentAttempt | None:
    return session.scalar(
        select(StudentAttempt).where(
            StudentAttempt.student_id == student_id, StudentAttempt.submission_key == key
        )
    )


def _attempt(
    session: Session,
    learner: Learner,
    question: PracticeQuestion,
    submission: Submission,
    verdict: Verdict,
    learned: Learned,
    at: datetime,
) -> StudentAttempt:
    attempt = StudentAttempt(
        student_id=learner.user_id,
        question_id=question.question_id,
        submitted_answer=verdict.answer,
        is_correct=verdict.is_correct,
        score=verdict.share,
        time_taken_seconds=_capped(submission.seconds),
        hint_count=0,
        feedback=_feedback(question, verdict),
        attempted_at=at,
        submission_key=submission.key,
        activity_id=_activity_for(session, learner, question.concept_id),
        model_inputs=learned.inputs,
    )
    session.add(attempt)
    session.flush()
    return attempt


def _activity_for(session: Session, learner: Learner, concept_id: UUID) -> UUID | None:
    """The activity that the learner came by, if this question belongs to its set."""
    if learner.activity_id is None:
        return None
    return session.scalar(
        select(Activity.activity_id).where(
            Activity.activity_id == learner.activity_id,
            Activity.course_id == learner.course_id,
            Activity.kind == ActivityKind.PRACTICE,
            Activity.concepts.any(Concept.concept_id == concept_id),
        )
    )


def _feedback(question: PracticeQuestion, verdict: Verdict) -> str | None:
    """What the learner is told, as text: why the option is wrong, and the explanation."""
    chosen = next(c for c in choices_of(question) if c.key == verdict.answer)
    parts = [None if verdict.is_correct else chosen.why, question.explanation]
    return "\n\n".join(part for part in parts if part) or None


def _capped(seconds: int | None) -> int | None:
    return None if seconds is None else min(max(seconds, 0), MOST_SECONDS)
