"""The second part of a turn: a model writes the answer from the card's sources.

Three steps: claim the turn and gather what the prompt needs (one transaction), stream (no
connection held), keep the outcome (one transaction), also when the reader has gone away.
"""

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.extensions import transaction
from app.llm.client import Limits, ModelUnavailable, stream_chat
from app.llm.profiles import ChatProfile, chat_profile
from app.llm.prompts import explain
from app.tutor import turns
from app.tutor.answers.citations import Source
from app.tutor.answers.sources import load_sources, numbered, shortened, shortened_note
from app.tutor.asking import Asker, StillWriting
from app.tutor.policy import instruction_of, may_write
from app.tutor.tries import Try, keep
from models import (
    Coverage,
    TurnState,
    TutorTurn,
    now,
)

log = logging.getLogger("coursellm.tutor")

STOP_CHECK_SECONDS = 0.7
NOT_WRITTEN = "The written answer is missing: {} Your question and the pages are kept."
HALF_WRITTEN = "The written answer is incomplete: {} What it wrote and the pages are kept."
OUR_FAULT = "something failed on our side."
PAGES_GONE = (
    "The written answer is missing: its pages were changed or taken back since you asked. "
    "Please ask the question again."
)


class NothingToWrite(DomainError):
    """No model may write this answer (any more)."""

    status = 409
    sentence = "No written answer is available here. The pages stand above."


@dataclass(frozen=True, slots=True)
class Begun:
    """The turn is claimed; from here on the model is waited for."""

    question: str
    sources: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Writing:
    """The model is at work: `text` is the next piece, empty while it is silent."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The turn has come to its end, whatever it is; everything is kept."""

    question_id: UUID
    state: TurnState


Step = Begun | Writing | Finished


def write(asker: Asker, question_id: UUID) -> Generator[Step, None, None]:
    """Yield Begun, the answer as it comes, and Finished. Closing the iterator stops the model and
    keeps what was written.

    Raises NotFound, NothingToWrite or StillWriting before anything is yielded.
    """
    with transaction() as session:
        this = _claim(session, asker, question_id)
    if this is None:
        yield Finished(question_id, TurnState.WRITTEN)
        return
    try:
        yield Begun(this.question, this.sources)
        yield from _stream(this)
    except Exception:
        this.state, this.failure = TurnState.FAILED, NOT_WRITTEN.format(OUR_FAULT)
        raise
    finally:
        with transaction() as session:
            keep(session, this)
    yield Finished(question_id, this.state)


def ask_to_stop(session: Session, asker: Asker, question_id: UUID) -> None:
    """Let the process that writes the answer know that it should end.

    Raises NotFound.
    """
    turn = turns.own_turn(session, asker.user_id, asker.course_id, question_id)
    turn.stop_asked = True
    session.flush()


def _claim(session: Session, asker: Asker, question_id: UUID) -> Try | None:
    """Take the turn; None where its answer is written already."""
    turn = turns.own_turn(session, asker.user_id, asker.course_id, question_id)
    if turn.state is TurnState.WRITTEN:
        return None
    profile = chat_profile()
    if not may_write(session, asker.course_id, profile):
        raise NothingToWrite(reason="no model may write in this course")
    _give_up_left_behind(session, turn)
    if turn.state is TurnState.WRITING:
        raise StillWriting(reason="this answer is being written")
    turn.state, turn.alive_at, turn.stop_asked, turn.failure = TurnState.WRITING, now(), False, None
    try:
        session.flush()
    except IntegrityError as error:  # the index of one written answer at a time
        raise StillWriting(reason="another answer is being written") from error
    return _prepare(session, asker, question_id, profile)


def _give_up_left_behind(session: Session, turn: TutorTurn) -> None:
    """What a dead process was writing no longer stands in the way."""
    session.execute(
        update(TutorTurn)
        .where(
            TutorTurn.conversation_id == turn.conversation_id,
            TutorTurn.state == TurnState.WRITING,
            TutorTurn.alive_at < now() - turns.SILENCE,
        )
        .values(state=TurnState.FAILED)
    )
    session.refresh(turn)


def _prepare(session: Session, asker: Asker, question_id: UUID, profile: ChatProfile) -> Try:
    turn = turns.get_turn(session, question_id)
    if turn.card.coverage is Coverage.NOT_COVERED:
        raise NothingToWrite(reason="the materials do not cover the question")
    sources = load_sources(session, asker.course_id, turn.card.sources, see_hidden=asker.see_hidden)
    question = turn.question.content
    earlier = turns.history(session, turn.question, profile.history_turns)
    past = [shortened(exchange) for exchange in earlier]
    sources = sources[: profile.sources]
    instruction = instruction_of(session, asker.course_id, asker.activity_id)
    note = shortened_note(profile, instruction)
    given = numbered(profile, question, sources, past, note) if sources else []
    messages = explain.messages(profile, question, given, past, note)
    return Try(asker, question_id, question, profile, messages, sources)


def _stream(this: Try) -> Iterator[Writing]:
    if not this.sources:
        this.state, this.failure = TurnState.FAILED, PAGES_GONE
        return
    pulse = _Pulse(this.question_id)
    limits = Limits(first_token=this.profile.first_token_seconds)
    stream = stream_chat(this.profile, this.messages, limits)
    try:
        for delta in stream:
            this.text += delta.text
            this.usage = delta.usage or this.usage
            yield Writing(delta.text)
            if pulse.says_stop():
                return
        this.state = TurnState.WRITTEN
    except ModelUnavailable as error:
        log.warning("question %s: no written answer: %s", this.question_id, error.reason)
        pattern = HALF_WRITTEN if this.text.strip() else NOT_WRITTEN
        this.failure = pattern.format(error.sentence[0].lower() + error.sentence[1:])
        this.state = TurnState.FAILED
    finally:
        stream.close()


class _Pulse:
    """Looks now and then whether the reader wants no more, and says that this process lives."""

    def __init__(self, question_id: UUID) -> None:
        self.question_id = question_id
        self.looked = self.beaten = time.monotonic()

    def says_stop(self) -> bool:
        """Whether Stop was pressed; asks the database only after a while."""
        moment = time.monotonic()
        if moment - self.looked < STOP_CHECK_SECONDS:
            return False
        self.looked = moment
        beats = moment - self.beaten >= turns.HEARTBEAT_SECONDS
        self.beaten = moment if beats else self.beaten
        with transaction() as session:
            return self._look(session, beats)

    def _look(self, session: Session, beats: bool) -> bool:
        mine = TutorTurn.question_id == self.question_id
        if not beats:
            return bool(session.scalar(select(TutorTurn.stop_asked).where(mine)))
        beat = update(TutorTurn).where(mine).values(alive_at=now()).returning(TutorTurn.stop_asked)
        return bool(session.scalar(beat))
