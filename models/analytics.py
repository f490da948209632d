"""Class analytics, a row per course and day."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now

if TYPE_CHECKING:
    from models.courses import Course


class ClassAnalytics(Base):
    __tablename__ = "class_analytics"
    __table_args__ = (UniqueConstraint("course_id", "date"),)

    analytics_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    date: Mapped[dt.date] = mapped_column(Date, index=True)
    """A day in the course's time zone."""
    total_students: Mapped[int]
    active_students: Mapped[int]
    avg_questions_per_student: Mapped[Decimal | None]
    avg_time_spent_minutes: Mapped[Decimal | None]
    most_discussed_concepts: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    struggling_concepts: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    engagement_score: Mapped[Decimal | None]
    calculated_at: Mapped[dt.datetime] = mapped_column(default=now)

    course: Mapped["Course"] = relationship()
