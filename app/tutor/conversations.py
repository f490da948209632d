"""Conversations as they are kept: questions, cards, answers with citations, and turns."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.materials.indexing.tokens import estimate_tokens
from app.materials.retrieval.sentences import split
from app.tutor.evidence.card import Card
from models import (
    Conversation,
    Message,
    MessageEvidence,
    SenderType,
    TurnState,
    TutorTurn,
    now,
)

LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Pace:
    """How many questions were asked lately; when what writes an answer, if anything, last lived."""

    asked: int
    writing_alive_at: datetime | None


def current(
    session: Session, student_id: UUID, course_id: UUID, *, lock: bool = False
) -> Conversation | None:
    """The person's latest conversation in the course that has not been ended."""
    query = (
        select(Conversation)
        .where(
            Conversation.student_id == student_id,
            Conversation.course_id == course_id,
            Conversation.is_active,
        )
        .order_by(Conversation.started_at.desc())
        .limit(1)
    )
    return session.scalar(query.with_for_update() if lock else query)


def current_or_new(session: Session, student_id: UUID, course_id: UUID) -> Conversation:
    """The latest conversation, begun if there is none. It is locked: of two questions sent at
    once the second one sees the first.
    """
    conversation = current(session, student_id, course_id, lock=True)
    if conversation is None:
        conversation = Conversation(student_id=student_id, course_id=course_id)
        session.add(conversation)
        session.flush()
    return conversation


def end_current(session: Session, student_id: UUID, course_id: UUID) -> None:
    """End the person's conversation, so that the next question begins a new one."""
    conversation = current(session, student_id, course_id)
    if conversation is not None:
        conversation.is_active = False
        conversation.ended_at = now()
        session.flush()


def add_question(session: Session, conversation: Conversation, text: str, card: Card) -> Message:
    """Keep a question and the card that it got; its written answer is open."""
    question = _message(conversation, SenderType.STUDENT, text)
    question.token_count = estimate_tokens(text)
    session.add(question)
    session.flush()  # the other two point to it
    key = question.message_id
    session.add(MessageEvidence(message_id=key, coverage=card.coverage, card=card.to_json()))
    session.add(TutorTurn(question_id=key, conversation_id=conversation.conversation_id))
    conversation.title = conversation.title or text[:LONGEST_TITLE]
    conversation.message_count += 1
    session.flush()
    return question


def replace_card(session: Session, question: Message, card: Card) -> None:
    """The question was sent again: its card is what the materials say now."""
    evidence = session.get_one(MessageEvidence, question.message_id)
    evidence.coverage, evidence.card = card.coverage, card.to_json()
    session.flush()


def add_answer(session: Session, question: Message, text: str) -> Message:
    """Keep a written answer; an earlier try of the same question goes."""
    conversation = session.get_one(Conversation, question.conversation_id)
    for old in session.scalars(select(Message).where(Message.reply_to_id == question.message_id)):
        session.delete(old)
        conversation.message_count -= 1
    answer = _message(conversation, SenderType.ASSISTANT, text)
    answer.reply_to_id = question.message_id
    session.add(answer)
    conversation.message_count += 1
    session.flush()
    return answer


def _message(conversation: Conversation, sender: SenderType, text: str) -> Message:
    has_code = "`" in text or any(unit.kind == "code" for unit in split(text))
    return Message(
        conversation_id=conversation.conversation_id,
        sender_type=sender,
        content=text,
        timestamp=now(),
        contains_code=has_code,
    )


def latest_question(session: Session, conversation_id: UUID) -> Message | None:
    """The question asked last."""
    return session.scalar(
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.sender_type == SenderType.STUDENT,
        )
        .order_by(Message.timestamp.desc())
        .limit(1)
    )


def latest_questions(session: Session, conversation_id: UUID, count: int) -> list[str]:
    """The texts of the questions asked last, newest first."""
    query = (
        select(Message.content)
        .where(
            Message.conversation_id == conversation_id,
            Message.sender_type == SenderType.STUDENT,
        )
        .order_by(Message.timestamp.desc())
        .limit(count)
    )
    return list(session.scalars(query))


def pace(session: Session, student_id: UUID, course_id: UUID, within: timedelta) -> Pace:
    """How much the person asks in the course, and whether an answer is just being written."""
    mine = (Conversation.student_id == student_id) & (Conversation.course_id == course_id)
    asked = (
        select(func.count())
        .select_from(Message)
        .join(Conversation)
        .where(
            mine,
            Message.sender_type == SenderType.STUDENT,
            Message.timestamp > now() - within,
        )
    )
    writing = (
        select(func.max(TutorTurn.alive_at))
        .join(Conversation, Conversation.conversation_id == TutorTurn.conversation_id)
        .where(mine, Conversation.is_active, TutorTurn.state == TurnState.WRITING)
    )
    row = session.execute(select(asked.scalar_subquery(), writing.scalar_subquery())).one()
    return Pace(*row)
