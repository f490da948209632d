"""Concepts of a course, what must be known before what, and what a learner knows."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, stored_by_value

if TYPE_CHECKING:
    from models.courses import Course
    from models.people import User


class DifficultyLevel(enum.StrEnum):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"
    EXPERT = "expert"


class DependencyStrength(enum.StrEnum):
    REQUIRED = "required"
    RECOMMENDED = "recommended"
    OPTIONAL = "optional"


class MasteryLevel(enum.StrEnum):
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    MASTERED = "mastered"


class Concept(Base):
    __tablename__ = "concepts"
    __table_args__ = (UniqueConstraint("course_id", "name"),)

    concept_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    difficulty_level: Mapped[DifficultyLevel] = mapped_column(
        stored_by_value(DifficultyLevel), index=True
    )
    estimated_hours: Mapped[Decimal | None]
    keywords: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime] = mapped_column(default=now)

    course: Mapped["Course"] = relationship(back_populates="concepts")
    prerequisites: Mapped[list["ConceptDependency"]] = relationship(
        foreign_keys="ConceptDependency.dependent_concept_id",
        back_populates="dependent_concept",
        cascade="all, delete-orphan",
    )
    dependents: Mapped[list["ConceptDependency"]] = relationship(
        foreign_keys="ConceptDependency.prerequisite_concept_id",
        back_populates="prerequisite_concept",
        cascade="all, delete-orphan",
    )
    student_progress: Mapped[list["StudentProgress"]] = relationship(
        back_populates="concept", cascade="all, delete-orphan"
    )


class ConceptDependency(Base):
    __tablename__ = "concept_dependencies"
    __table_args__ = (
        UniqueConstraint("prerequisite_concept_id", "dependent_concept_id"),
        CheckConstraint("prerequisite_concept_id <> dependent_concept_id", name="no_self_edge"),
    )

    dependency_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    prerequisite_concept_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("concepts.concept_id", ondelete="CASCADE"), index=True
    )
    dependent_concept_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("concepts.concept_id", ondelete="CASCADE"), index=True
    )
    dependency_strength: Mapped[DependencyStrength] = mapped_column(
        stored_by_value(DependencyStrength), default=DependencyStrength.REQUIRED
    )
    created_at: Mapped[datetime] = mapped_column(default=now)

    prerequisite_concept: Mapped["Concept"] = relationship(
        foreign_keys=[prerequisite_concept_id], back_populates="dependents"
    )
    dependent_concept: Mapped["Concept"] = relationship(
        foreign_keys=[dependent_concept_id], back_populates="prerequisites"
    )


class StudentProgress(Base):
    """What a learner is shown about one concept; the beliefs behind it: `LearnerConceptBelief`."""

    __tablename__ = "student_progress"
    __table_args__ = (
        UniqueConstraint("student_id", "concept_id"),
        CheckConstraint("confidence_score between 0 and 1", name="confidence_is_a_share"),
        CheckConstraint(
            "total_time_spent >= 0 and interaction_count >= 0",
            name="counts_are_natural",
        ),
    )

    progress_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    student_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    concept_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("concepts.concept_id", ondelete="CASCADE"), index=True
    )
    mastery_level: Mapped[MasteryLevel] = mapped_column(
        stored_by_value(MasteryLevel), default=MasteryLevel.NOT_STARTED, index=True
    )
    confidence_score: Mapped[Decimal | None]
    """Lower bound of the 80 % interval of shown mastery, a share."""
    first_interaction: Mapped[datetime | None]
    last_interaction: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    total_time_spent: Mapped[int] = mapped_column(default=0)
    """Seconds."""
    interaction_count: Mapped[int] = mapped_column(default=0)

    student: Mapped["User"] = relationship()
    concept: Mapped["Concept"] = relationship(back_populates="student_progress")


class LearningTrajectory(Base):
    __tablename__ = "learning_trajectories"

    trajectory_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), unique=True
    )
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    concept_sequence: Mapped[list[str]] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    course: Mapped["Course"] = relationship(back_populates="learning_trajectory")
