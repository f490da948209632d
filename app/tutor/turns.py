"""Turns: a question with its card, the state of its written answer, and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.errors import NotFound
from app.llm.prompts.explain import Exchange
from app.tutor.evidence.card import Card
from models import (
    Conversation,
    Message,
    MessageCitation,
    MessageEvidence,
    SenderType,
    TurnState,
    TutorTurn,
    now,
)

TURNS_SHOWN = 20
HEARTBEAT_SECONDS = 5.0
SILENCE = timedelta(seconds=30)
"""So long without a sign of life, the process that wrote an answer counts as dead."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with everything that belongs to it, as a page shows it."""

    question: Message
    card: Card
    state: TurnState
    failure: str | None
    answer: Message | None
    citations: Sequence[MessageCitation]

    @property
    def question_id(self) -> UUID:
        return self.question.message_id


def own_turn(session: Session, student_id: UUID, course_id: UUID, question_id: UUID) -> TutorTurn:
    """The turn of a question that this person asked in this course.

    Raises NotFound, also for somebody else's.
    """
    turn = session.scalar(
        select(TutorTurn)
        .join(Conversation, Conversation.conversation_id == TutorTurn.conversation_id)
        .where(
            TutorTurn.question_id == question_id,
            Conversation.student_id == student_id,
            Conversation.course_id == course_id,
        )
    )
    if turn is None:
        raise NotFound(reason=f"question {question_id} is not this person's in {course_id}")
    return turn


def latest_turns(session: Session, conversation_id: UUID) -> list[Turn]:
    """The latest turns of a conversation, oldest first."""
    rows = session.execute(
        select(Message, TutorTurn, MessageEvidence)
        .join(TutorTurn, TutorTurn.question_id == Message.message_id)
        .join(MessageEvidence, MessageEvidence.message_id == Message.message_id)
        .where(TutorTurn.conversation_id == conversation_id)
        .order_by(Message.timestamp.desc())
        .limit(TURNS_SHOWN)
    ).all()
    return list(reversed(_with_answers(session, [(row[0], row[1], row[2]) for row in rows])))


def get_turn(session: Session, question_id: UUID) -> Turn:
    """One turn with all that belongs to it."""
    found = (
        session.get_one(Message, question_id),
        session.get_one(TutorTurn, question_id),
        session.get_one(MessageEvidence, question_id),
    )
    return _with_answers(session, [found])[0]


def _with_answers(
    session: Session, rows: Sequence[tuple[Message, TutorTurn, MessageEvidence]]
) -> list[Turn]:
    questions = [question.message_id for question, _, _ in rows]
    replies = session.scalars(
        select(Message)
        .where(Message.reply_to_id.in_(questions))
        .options(selectinload(Message.citations))
    ).all()
    by_question = {reply.reply_to_id: reply for reply in replies}
    return [
        Turn(
            question=question,
            card=Card.from_json(evidence.card),
            state=_state(state),
            failure=state.failure,
            answer=(answer := by_question.get(question.message_id)),
            citations=tuple(answer.citations) if answer else (),
        )
        for question, state, evidence in rows
    ]


def _state(turn: TutorTurn) -> TurnState:
    if turn.state is TurnState.WRITING and is_left_behind(turn.alive_at):
        return TurnState.FAILED
    return turn.state


def is_left_behind(alive_at: datetime | None) -> bool:
    """Whether the process that lived then and wrote an answer must have died."""
    return alive_at is None or alive_at < now() - SILENCE


def history(session: Session, question: Message, count: int) -> list[Exchange]:
    """The exchanges before a question that have an answer, oldest first."""
    if count == 0:
        return []
    answers = session.scalars(
        select(Message)
        .where(
            Message.conversation_id == question.conversation_id,
            Message.sender_type == SenderType.ASSISTANT,
            Message.timestamp < question.timestamp,
        )
        .order_by(Message.timestamp.desc())
        .limit(count)
    ).all()
    found = [
        Exchange(session.get_one(Message, answer.reply_to_id).content, answer.content)
        for answer in answers
        if answer.reply_to_id
    ]
    return list(reversed(found))
