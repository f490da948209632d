"""Conversations as they are kept: questions, cards, answers with citations, and turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.errors import NotFound
from app.llm.prompts.explain import Exchange
from app.materials.tokens import estimate_tokens
from app.tutor.card import Card
from app.tutor.sentences import split
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

LONGEST_TITLE = 200
TURNS_SHOWN = 20
LONGEST_WRITING = timedelta(seconds=330)
"""A turn that was being written longer ago was left behind by a process that died."""


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


def current(session: Session, student_id: UUID, course_id: UUID) -> Conversation | None:
    """The person's latest conversation in the course that has not been ended."""
    return session.scalar(
        select(Conversation)
        .where(
            Conversation.student_id == student_id,
            Conversation.course_id == course_id,
            Conversation.is_active,
        )
        .order_by(Conversation.started_at.desc())
        .limit(1)
    )


def current_or_new(session: Session, student_id: UUID, course_id: UUID) -> Conversation:
    """The latest conversation, begun if there is none."""
    conversation = current(session, student_id, course_id)
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
    session.flush()
    session.add(
        MessageEvidence(message_id=question.message_id, coverage=card.coverage, card=card.to_json())
    )
    session.add(
        TutorTurn(question_id=question.message_id, conversation_id=conversation.conversation_id)
    )
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


def questions_since(session: Session, student_id: UUID, course_id: UUID, age: timedelta) -> int:
    """How many questions the person asked in the course within that time."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Message)
            .join(Conversation)
            .where(
                Conversation.student_id == student_id,
                Conversation.course_id == course_id,
                Message.sender_type == SenderType.STUDENT,
                Message.timestamp > now() - age,
            )
        )
        or 0
    )


def turns(session: Session, conversation_id: UUID) -> list[Turn]:
    """The latest turns of a conversation, oldest first."""
    rows = session.execute(
        select(Message, TutorTurn, MessageEvidence)
        .join(TutorTurn, TutorTurn.question_id == Message.message_id)
        .join(MessageEvidence, MessageEvidence.message_id == Message.message_id)
        .where(TutorTurn.conversation_id == conversation_id)
        .order_by(Message.timestamp.desc())
        .limit(TURNS_SHOWN)
    ).all()
    return list(reversed(_with_answers(session, [row._tuple() for row in rows])))


def turn(session: Session, question_id: UUID) -> Turn:
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
    return TurnState.FAILED if is_left_behind(turn) else turn.state


def is_left_behind(turn: TutorTurn) -> bool:
    """Whether the process that wrote the answer must have died."""
    is_writing = turn.state is TurnState.WRITING
    return is_writing and (turn.began_at is None or turn.began_at < now() - LONGEST_WRITING)


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
