"""Conversations with the tutor: messages, what was cited, what a course lets the tutor do."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, stored_by_value

if TYPE_CHECKING:
    from models.concepts import Concept
    from models.courses import Course
    from models.people import User


class SenderType(enum.StrEnum):
    STUDENT = "student"
    ASSISTANT = "assistant"


class SentimentType(enum.StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    CONFUSED = "confused"


class Coverage(enum.StrEnum):
    """Whether the materials answer a question."""

    ANSWERED = "answered"
    CLOSEST = "closest"
    NOT_COVERED = "not_covered"


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (CheckConstraint("message_count >= 0", name="message_count_is_natural"),)

    conversation_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    student_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str | None] = mapped_column(String(200))
    started_at: Mapped[datetime] = mapped_column(default=now, index=True)
    ended_at: Mapped[datetime | None]
    message_count: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)

    student: Mapped["User"] = relationship(back_populates="conversations")
    course: Mapped["Course"] = relationship()
    messages: Mapped[list["Message"]] = relationship(
        back_populates="conversation",
        cascade="all, delete-orphan",
        order_by="Message.timestamp",
    )


class Message(Base):
    __tablename__ = "messages"

    message_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("conversations.conversation_id", ondelete="CASCADE"), index=True
    )
    sender_type: Mapped[SenderType] = mapped_column(stored_by_value(SenderType), index=True)
    content: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(default=now, index=True)
    token_count: Mapped[int | None]
    llm_model: Mapped[str | None] = mapped_column(String(50))
    """Short name; the full one stands in `UsageRecord`."""
    response_time_ms: Mapped[int | None]
    contains_code: Mapped[bool] = mapped_column(default=False)
    sentiment: Mapped[SentimentType | None] = mapped_column(stored_by_value(SentimentType))
    reply_to_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("messages.message_id", ondelete="CASCADE"), index=True
    )
    """The question that an answer of the tutor belongs to."""

    conversation: Mapped["Conversation"] = relationship(back_populates="messages")
    concept_discussions: Mapped[list["ConceptDiscussion"]] = relationship(
        back_populates="message", cascade="all, delete-orphan"
    )
    evidence: Mapped["MessageEvidence | None"] = relationship(
        uselist=False, cascade="all, delete-orphan"
    )
    citations: Mapped[list["MessageCitation"]] = relationship(
        cascade="all, delete-orphan", order_by="MessageCitation.number"
    )


class MessageEvidence(Base):
    """The evidence card that a question got: kept, so that it reads the same later."""

    __tablename__ = "message_evidence"

    message_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("messages.message_id", ondelete="CASCADE"), primary_key=True
    )
    coverage: Mapped[Coverage] = mapped_column(stored_by_value(Coverage))
    card: Mapped[dict[str, Any]]


class MessageCitation(Base):
    """A numbered source that an answer really cites."""

    __tablename__ = "message_citations"
    __table_args__ = (UniqueConstraint("message_id", "number"),)

    citation_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    message_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("messages.message_id", ondelete="CASCADE")
    )
    number: Mapped[int]
    material_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="SET NULL"), index=True
    )
    chunk_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("material_chunks.chunk_id", ondelete="SET NULL"), index=True
    )
    page: Mapped[int | None]
    title: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text)


class TurnState(enum.StrEnum):
    """What became of the written answer to a question."""

    OPEN = "open"
    """Nothing was tried: the evidence card stands alone."""
    WRITING = "writing"
    WRITTEN = "written"
    STOPPED = "stopped"
    """Broken off by the person; what was written until then is kept."""
    FAILED = "failed"


class TutorTurn(Base):
    """One question and the state of its written answer. At most one is written at a time."""

    __tablename__ = "tutor_turns"
    __table_args__ = (
        Index(
            "uq_tutor_turns_one_is_written",
            "conversation_id",
            unique=True,
            postgresql_where=text("state = 'writing'"),
        ),
    )

    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("messages.message_id", ondelete="CASCADE"), primary_key=True
    )
    conversation_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("conversations.conversation_id", ondelete="CASCADE"), index=True
    )
    state: Mapped[TurnState] = mapped_column(stored_by_value(TurnState), default=TurnState.OPEN)
    alive_at: Mapped[datetime | None]
    """When the process that writes the answer last said that it lives."""
    stop_asked: Mapped[bool] = mapped_column(default=False)
    failure: Mapped[str | None] = mapped_column(Text)
    """Why the last try failed, in a sentence for the person."""


class ConceptDiscussion(Base):
    __tablename__ = "concept_discussions"
    __table_args__ = (
        CheckConstraint("relevance_score between 0 and 1", name="relevance_is_a_share"),
    )

    discussion_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    message_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("messages.message_id", ondelete="CASCADE"), index=True
    )
    concept_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("concepts.concept_id", ondelete="CASCADE"), index=True
    )
    relevance_score: Mapped[Decimal]
    detected_at: Mapped[datetime] = mapped_column(default=now)

    message: Mapped["Message"] = relationship(back_populates="concept_discussions")
    concept: Mapped["Concept"] = relationship()


class TutorPolicy(Base):
    """What a teacher lets the tutor do in a course. A course without a row has the defaults."""

    __tablename__ = "tutor_policies"

    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), primary_key=True
    )
    small_model_allowed: Mapped[bool] = mapped_column(default=False)
    """Whether a small trial model may write answers; a capable one always may."""
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    updated_by: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="SET NULL")
    )
