"""Operation: sessions inside launches, operators, usage, budgets, counters, audit."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now, stored_by_value
from models.courses import CourseRole


class BudgetScope(enum.StrEnum):
    STUDENT = "student"
    COURSE = "course"
    INSTITUTION = "institution"


class ToolSession(Base):
    """One launch's session, bound to one person in one context. Its id stands in the address."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_expires_at", "expires_at"),)

    session_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    course_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    enrollment_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("enrollments.enrollment_id", ondelete="CASCADE"), index=True
    )
    registration_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("registrations.registration_id", ondelete="CASCADE"), index=True
    )
    deployment_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("deployments.deployment_id", ondelete="CASCADE"), index=True
    )
    resource_link_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("resource_links.resource_link_id", ondelete="SET NULL"), index=True
    )
    activity_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("activities.activity_id", ondelete="SET NULL"), index=True
    )
    role: Mapped[CourseRole] = mapped_column(stored_by_value(CourseRole))
    locale: Mapped[str | None] = mapped_column(String(35))
    frame_origin: Mapped[str | None] = mapped_column(String(255))
    """Origin of the platform: who may frame the pages of this session."""
    deep_linking: Mapped[dict[str, Any] | None]
    """Settings of the deep linking request that opened this session, if one did."""
    reviewed_user_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="SET NULL"), index=True
    )
    """The learner whose work a teacher was sent to look at, if this session was opened for that."""
    launch_facts: Mapped[dict[str, Any] | None]
    """What the launch told about the connection, for the self-check."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class Operator(Base):
    __tablename__ = "operators"

    operator_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class OperatorLink(Base):
    """A log-in link of an operator: ten minutes, once."""

    __tablename__ = "operator_links"

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    operator_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("operators.operator_id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]


class OperatorSession(Base):
    """An operator at the console."""

    __tablename__ = "operator_sessions"

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    operator_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("operators.operator_id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class UsageRecord(Base):
    """What one call of a model cost."""

    __tablename__ = "usage_records"
    __table_args__ = (Index("ix_usage_records_course_id_created_at", "course_id", "created_at"),)

    usage_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE")
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="SET NULL"), index=True
    )
    message_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("messages.message_id", ondelete="SET NULL"), index=True
    )
    purpose: Mapped[str] = mapped_column(String(50))
    model: Mapped[str] = mapped_column(Text)
    """Full name, as the endpoint gave it."""
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    duration_ms: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Budget(Base):
    """How many tokens a student, a course or an institution may use in a day."""

    __tablename__ = "budgets"
    __table_args__ = (
        UniqueConstraint("scope", "scope_id"),
        CheckConstraint("tokens_per_day >= 0", name="tokens_are_natural"),
    )

    budget_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    scope: Mapped[BudgetScope] = mapped_column(stored_by_value(BudgetScope))
    scope_id: Mapped[uuid.UUID]
    tokens_per_day: Mapped[int] = mapped_column(BigInteger)


class RateCounter(Base):
    """How often a key was used in the window that began then."""

    __tablename__ = "rate_counters"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class AuditEvent(Base):
    """Who changed or read what. Rows are only ever added."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_course_id_at", "course_id", "at"),)

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="SET NULL"), index=True
    )
    operator_name: Mapped[str | None] = mapped_column(String(100))
    course_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("courses.course_id", ondelete="SET NULL")
    )
    action: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any] | None]
