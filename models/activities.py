"""Activities: what a link placed in the course stands for."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, stored_by_value
from models.concepts import Concept


class ActivityKind(enum.StrEnum):
    TUTOR = "tutor"
    PRACTICE = "practice"
    MATERIAL = "material"


class ScorePolicy(enum.StrEnum):
    """What of a learner's work on the set counts as the score."""

    BEST = "best"
    LAST = "last"
    AVERAGE = "average"
    MASTERY = "mastery"


class Activity(Base):
    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint(
            "kind <> 'material' or material_id is not null", name="material_has_material"
        ),
        CheckConstraint("page > 0", name="page_is_positive"),
        CheckConstraint("points > 0", name="points_are_positive"),
        CheckConstraint("question_count > 0", name="question_count_is_positive"),
    )

    activity_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[ActivityKind] = mapped_column(stored_by_value(ActivityKind))
    title: Mapped[str] = mapped_column(String(200))
    points: Mapped[Decimal | None]
    """What a full score is worth; empty where nothing is graded."""
    question_count: Mapped[int | None]
    """Questions that make the whole set; answered right, they give all points."""
    score_policy: Mapped[ScorePolicy] = mapped_column(
        stored_by_value(ScorePolicy), default=ScorePolicy.BEST
    )
    instruction: Mapped[str | None] = mapped_column(Text)
    material_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="CASCADE"), index=True
    )
    page: Mapped[int | None]
    """Page of the material that opens."""
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """Shown; what comes later counts still, until it closes."""
    closes_at: Mapped[datetime | None]
    copied_from_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("activities.activity_id", ondelete="SET NULL"), index=True
    )
    """The activity of another course whose settings this one took over."""
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    concepts: Mapped[list["Concept"]] = relationship(
        secondary="activity_concepts", order_by="func.lower(Concept.name), Concept.concept_id"
    )
    """What a practice set is about: at least one."""


class ActivityConcept(Base):
    """A concept of a practice set."""

    __tablename__ = "activity_concepts"

    activity_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("activities.activity_id", ondelete="CASCADE"), primary_key=True
    )
    concept_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("concepts.concept_id", ondelete="CASCADE"), primary_key=True, index=True
    )
