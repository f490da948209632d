"""One try to write an answer, and how its outcome is kept: text, citations, usage."""

import time
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.llm.client import ChatMessage, Usage
from app.llm.profiles import ChatProfile
from app.llm.prompts import explain
from app.materials.indexing.tokens import estimate_tokens
from app.tutor import conversations
from app.tutor.answers.citations import Citation, Source, citations, tidy
from app.tutor.asking import Asker
from models import MaterialChunk, Message, MessageCitation, TurnState, TutorTurn, UsageRecord


@dataclass(slots=True)
class Try:
    """One try to write an answer."""

    asker: Asker
    question_id: UUID
    question: str
    profile: ChatProfile
    messages: list[ChatMessage]
    sources: list[Source]
    began: float = field(default_factory=time.monotonic)
    text: str = ""
    usage: Usage | None = None
    state: TurnState = TurnState.STOPPED
    failure: str | None = None


def keep(session: Session, this: Try) -> None:
    """Keep the outcome: message, citations that were really among the sources, usage."""
    turn = session.get(TutorTurn, this.question_id)
    if turn is None:  # the conversation was deleted meanwhile
        return
    turn.state, turn.failure = this.state, this.failure
    text = tidy(this.text)
    milliseconds = round(1000 * (time.monotonic() - this.began))
    answer = None
    if text:
        answer = _keep_answer(session, this, text, milliseconds)
    if this.text or this.usage:
        session.add(_usage_record(this, answer, milliseconds))
    session.flush()


def _keep_answer(session: Session, this: Try, text: str, milliseconds: int) -> Message:
    question = session.get_one(Message, this.question_id)
    answer = conversations.add_answer(session, question, text)
    counted = this.usage.completion_tokens if this.usage else None
    answer.token_count = counted or estimate_tokens(text)
    answer.llm_model = this.profile.short_name
    answer.response_time_ms = milliseconds
    real = citations(text, this.sources)
    ids = [UUID(citation.place.chunk_id) for citation in real]
    query = select(MaterialChunk.chunk_id).where(MaterialChunk.chunk_id.in_(ids))
    still_there = set(session.scalars(query))
    session.add_all(
        _citation_row(answer, citation, UUID(citation.place.chunk_id) in still_there)
        for citation in real
    )
    return answer


def _citation_row(answer: Message, citation: Citation, exists: bool) -> MessageCitation:
    """A chunk that went while the model wrote is named by its title and page alone."""
    place = citation.place
    return MessageCitation(
        message_id=answer.message_id,
        number=citation.number,
        material_id=UUID(place.material_id) if exists else None,
        chunk_id=UUID(place.chunk_id) if exists else None,
        page=place.page,
        title=place.title,
        quote=citation.quote,
    )


def _usage_record(this: Try, answer: Message | None, milliseconds: int) -> UsageRecord:
    prompt = sum(estimate_tokens(message["content"]) for message in this.messages)
    usage = this.usage or Usage(this.profile.name)
    return UsageRecord(
        course_id=this.asker.course_id,
        user_id=this.asker.user_id,
        message_id=answer.message_id if answer else None,
        purpose=f"tutor.{explain.VERSION}",
        model=usage.model,
        prompt_tokens=usage.prompt_tokens or prompt,
        completion_tokens=usage.completion_tokens or estimate_tokens(this.text or " "),
        duration_ms=milliseconds,
    )
