"""Practice: questions, attempts, and the beliefs of the learner model behind them."""

import enum
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, stored_by_value
from models.concepts import DifficultyLevel

if TYPE_CHECKING:
    from models.concepts import Concept
    from models.courses import Course
    from models.people import User


class QuestionType(enum.StrEnum):
    MULTIPLE_CHOICE = "multiple_choice"
    SHORT_ANSWER = "short_answer"
    CODING = "coding"
    TRUE_FALSE = "true_false"


class PracticeQuestion(Base):
    __tablename__ = "practice_questions"

    question_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    concept_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("concepts.concept_id", ondelete="CASCADE"), index=True
    )
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id"), index=True)
    question_type: Mapped[QuestionType] = mapped_column(stored_by_value(QuestionType))
    difficulty: Mapped[DifficultyLevel] = mapped_column(
        stored_by_value(DifficultyLevel), index=True
    )
    question_text: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Multiple choice: {"choices": [{"key": "a", "text": "…", "why": "…"}, …]}."""
    correct_answer: Mapped[str | None] = mapped_column(Text)
    """Multiple choice: the key of the right choice. True/false: "true" or "false"."""
    explanation: Mapped[str | None] = mapped_column(Text)
    estimated_time_minutes: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    is_active: Mapped[bool] = mapped_column(default=True)

    course: Mapped["Course"] = relationship()
    concept: Mapped["Concept"] = relationship()
    creator: Mapped["User"] = relationship()
    attempts: Mapped[list["StudentAttempt"]] = relationship(
        back_populates="question", cascade="all, delete-orphan"
    )


class StudentAttempt(Base):
    __tablename__ = "student_attempts"
    __table_args__ = (
        UniqueConstraint("student_id", "submission_key"),
        CheckConstraint("score between 0 and 1", name="score_is_a_share"),
        CheckConstraint("time_taken_seconds >= 0 and hint_count >= 0", name="counts_are_natural"),
    )

    attempt_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    student_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("practice_questions.question_id", ondelete="CASCADE"), index=True
    )
    submitted_answer: Mapped[str] = mapped_column(Text)
    is_correct: Mapped[bool | None]
    """Empty while the answer awaits review."""
    score: Mapped[Decimal | None]
    """Share of the question's points, 0 to 1."""
    time_taken_seconds: Mapped[int | None]
    hint_count: Mapped[int] = mapped_column(default=0)
    feedback: Mapped[str | None] = mapped_column(Text)
    attempted_at: Mapped[datetime] = mapped_column(default=now, index=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    """Order in which the learner model took the answers."""
    submission_key: Mapped[str] = mapped_column(String(64), default=lambda: uuid.uuid4().hex)
    """Made with the form: a double click is one attempt."""
    activity_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("activities.activity_id", ondelete="SET NULL"), index=True
    )
    model_inputs: Mapped[dict[str, Any] | None]
    """Parameters of item and concept that the update used, so that it can be replayed."""

    student: Mapped["User"] = relationship()
    question: Mapped["PracticeQuestion"] = relationship(back_populates="attempts")


class ItemBelief(Base):
    """Difficulty of a question, d_i of MASTERY's model: mean and variance on the logit scale."""

    __tablename__ = "item_beliefs"

    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("practice_questions.question_id", ondelete="CASCADE"),
        primary_key=True,
    )
    mean: Mapped[float]
    variance: Mapped[float]


class ConceptBelief(Base):
    """Difficulty of a concept, delta_k: mean and variance on the logit scale."""

    __tablename__ = "concept_beliefs"

    concept_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("concepts.concept_id", ondelete="CASCADE"), primary_key=True
    )
    mean: Mapped[float]
    variance: Mapped[float]


class LearnerBelief(Base):
    """Ability of a learner in a course, theta_u."""

    __tablename__ = "learner_beliefs"

    student_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True
    )
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), primary_key=True
    )
    mean: Mapped[float]
    variance: Mapped[float]


class LearnerConceptBelief(Base):
    """Ability of a learner on a concept, theta_uk, and when they last answered on it."""

    __tablename__ = "learner_concept_beliefs"

    student_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True
    )
    concept_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("concepts.concept_id", ondelete="CASCADE"), primary_key=True
    )
    mean: Mapped[float]
    variance: Mapped[float]
    answer_count: Mapped[int] = mapped_column(default=0)
    last_answer_at: Mapped[datetime | None]
    mastered_at: Mapped[datetime | None]
    """Once granted it is not taken back by other learners' answers."""


class LearnerItemHistory(Base):
    """What a learner did with one question: successes s_ui, failures f_ui, when it counted."""

    __tablename__ = "learner_item_histories"

    student_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True
    )
    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("practice_questions.question_id", ondelete="CASCADE"),
        primary_key=True,
    )
    successes: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    unaided_successes: Mapped[int] = mapped_column(default=0)
    last_evidence_day: Mapped[date | None]
    """Day in the course's time zone: an item's first answer of the day is evidence."""
    revealed_at: Mapped[datetime | None]
