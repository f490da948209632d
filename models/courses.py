"""Courses and who belongs to them."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, stored_by_value

if TYPE_CHECKING:
    from models.concepts import Concept, LearningTrajectory
    from models.materials import CourseMaterial
    from models.people import User


class EnrollmentStatus(enum.StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    DROPPED = "dropped"


class CourseRole(enum.StrEnum):
    """What a person is in one course, by the *membership* roles of the latest launch."""

    TEACHER = "teacher"
    TA = "ta"
    STUDENT = "student"
    TEST_STUDENT = "test_student"
    OBSERVER = "observer"
    ADMINISTRATOR = "administrator"
    NONE = "none"


class Course(Base):
    __tablename__ = "courses"

    course_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_code: Mapped[str] = mapped_column(String(20))
    course_name: Mapped[str] = mapped_column(String(200))
    semester: Mapped[str] = mapped_column(String(20), index=True)
    year: Mapped[int]
    description: Mapped[str | None] = mapped_column(Text)
    instructor_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="SET NULL"), index=True
    )
    """Empty until a teacher launches: a student may be first."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    is_active: Mapped[bool] = mapped_column(default=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    """IANA name; every day in figures and rules is a day there."""
    search_config: Mapped[str] = mapped_column(String(32), default="english")
    """Name of the PostgreSQL text search configuration of the course's language."""
    embedding_model: Mapped[str | None] = mapped_column(String(100))
    """Whose vectors are searched; empty until the course has some: the installation's model."""
    next_embedding_model: Mapped[str | None] = mapped_column(String(100))
    """While the course moves to another model: the one whose vectors are made meanwhile."""
    member_count: Mapped[int] = mapped_column(default=0)
    """The highest `Enrollment.number` given out."""

    instructor: Mapped["User | None"] = relationship(
        back_populates="taught_courses", foreign_keys=[instructor_id]
    )
    enrollments: Mapped[list["Enrollment"]] = relationship(
        back_populates="course", cascade="all, delete-orphan"
    )
    concepts: Mapped[list["Concept"]] = relationship(
        back_populates="course", cascade="all, delete-orphan"
    )
    materials: Mapped[list["CourseMaterial"]] = relationship(
        back_populates="course", cascade="all, delete-orphan"
    )
    learning_trajectory: Mapped["LearningTrajectory | None"] = relationship(
        back_populates="course", uselist=False, cascade="all, delete-orphan"
    )


class Enrollment(Base):
    """A person in a course, whatever the role; `student_id` is the given name of the column."""

    __tablename__ = "enrollments"
    __table_args__ = (
        UniqueConstraint("student_id", "course_id"),
        UniqueConstraint("course_id", "number"),
    )

    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    student_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    enrollment_date: Mapped[datetime] = mapped_column(default=now)
    status: Mapped[EnrollmentStatus] = mapped_column(
        stored_by_value(EnrollmentStatus), default=EnrollmentStatus.ACTIVE
    )
    final_grade: Mapped[Decimal | None]
    role: Mapped[CourseRole] = mapped_column(stored_by_value(CourseRole))
    number: Mapped[int]
    """Shown as "Student 17" where no name is known."""
    lti_subject: Mapped[str | None] = mapped_column(String(255))
    """The `sub` of the latest launch in this course: services want it, and it can differ
    between two courses of one person after accounts were merged."""
    last_launch_at: Mapped[datetime | None]

    student: Mapped["User"] = relationship(back_populates="enrollments")
    course: Mapped["Course"] = relationship(back_populates="enrollments")
