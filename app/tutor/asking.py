"""The first part of a turn: the question is kept and answered by its evidence card, at once."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.concepts.catalogue import match_concept
from app.errors import DomainError
from app.extensions import transaction
from app.llm.profiles import chat_profile
from app.materials.questions import searched
from app.materials.retrieval.scope import embedding_of
from app.materials.retrieval.slips import read_as
from app.tutor import conversations, turns
from app.tutor.evidence.building import build_card
from app.tutor.evidence.card import Card, Practice
from app.tutor.followups import leans, standalone
from app.tutor.policy import may_write
from models import Coverage, PracticeQuestion, TurnState, TutorTurn, now

LONGEST_QUESTION = 4000
MOST_QUESTIONS = 30
WITHIN = timedelta(minutes=10)
SAME_QUESTION = timedelta(seconds=60)
LOOKED_BACK = 4
"""Questions before a follow-up that may name its subject."""
SOURCES = 4


class QuestionRefused(DomainError):
    """The question can't be taken; the sentence says why and what would do."""

    status = 422


class TooManyQuestions(DomainError):
    status = 429
    sentence = "That is many questions in a short time. Please wait a few minutes; all are kept."


class StillWriting(DomainError):
    status = 409
    sentence = "The tutor is still writing your last answer. Stop it, or ask when it is finished."


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, where. `see_hidden`: teachers are answered from unreleased materials too.

    `activity_id`: what the link stands for that the person came by.
    """

    user_id: UUID
    course_id: UUID
    see_hidden: bool = False
    activity_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was kept, its card, and whether a written answer may follow."""

    question_id: UUID
    question: str
    card: Card
    may_be_written: bool


def ask(asker: Asker, text: str) -> Asked:
    """Keep the question, find its pages, build the card. Two transactions, none of them open
    while the embedding model works.

    Raises QuestionRefused, TooManyQuestions, StillWriting.
    """
    text = _checked(text)
    with transaction() as session:
        _hold_back(session, asker)
        wanted = _search_text(session, asker, text)
        model = embedding_of(session, asker.course_id)
    hidden = asker.see_hidden
    with searched(asker.course_id, wanted, model, see_hidden=hidden) as (session, found):
        card = build_card(wanted, found, source_count=SOURCES)
        practice = _practice(session, asker.course_id, read_as(wanted, found.slips))
        slips = tuple(slip for slip in card.slips if slip.asked in text)  # no earlier question's
        card = replace(card, practice=practice, slips=slips)
        question_id = _keep(session, asker, text, card)
        may_follow = _may_follow(session, asker, card)
    return Asked(question_id, text, card, may_follow)


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise QuestionRefused("Write a question first.")
    if len(text) > LONGEST_QUESTION:
        raise QuestionRefused(
            f"The question has {len(text):,} characters; at most {LONGEST_QUESTION:,} fit. "
            "Please ask about one part of it."
        )
    return text


def _hold_back(session: Session, asker: Asker) -> None:
    """One answer at a time, and not more questions than a person asks."""
    pace = conversations.pace(session, asker.user_id, asker.course_id, WITHIN)
    if pace.asked >= MOST_QUESTIONS:
        raise TooManyQuestions(reason=f"{pace.asked} questions within {WITHIN}")
    if pace.writing_alive_at and not turns.is_left_behind(pace.writing_alive_at):
        raise StillWriting(reason="an answer of this conversation is being written")


def _search_text(session: Session, asker: Asker, text: str) -> str:
    """What to look for. "And why?" says too little alone: the questions before it help."""
    if not leans(text):
        return text
    conversation = conversations.current(session, asker.user_id, asker.course_id)
    if conversation is None:
        return text
    earlier = conversations.latest_questions(session, conversation.conversation_id, LOOKED_BACK)
    return standalone(text, [before for before in earlier if before != text])


def _practice(session: Session, course_id: UUID, text: str) -> Practice | None:
    """The concept that the question is about, where there is something to practise."""
    concept = match_concept(session, course_id, text)
    if concept is None:
        return None
    has_questions = session.scalar(
        select(PracticeQuestion.question_id)
        .where(PracticeQuestion.concept_id == concept.concept_id, PracticeQuestion.is_active)
        .limit(1)
    )
    return Practice(str(concept.concept_id), concept.name) if has_questions else None


def _keep(session: Session, asker: Asker, text: str, card: Card) -> UUID:
    """Keep the question; sent twice (a double click, a lost connection) it is one question."""
    conversation = conversations.current_or_new(session, asker.user_id, asker.course_id)
    latest = conversations.latest_question(session, conversation.conversation_id)
    if latest and latest.content == text and latest.timestamp > now() - SAME_QUESTION:
        turn = session.get_one(TutorTurn, latest.message_id)
        if turn.state in {TurnState.OPEN, TurnState.FAILED}:
            conversations.replace_card(session, latest, card)
            return latest.message_id
    return conversations.add_question(session, conversation, text, card).message_id


def _may_follow(session: Session, asker: Asker, card: Card) -> bool:
    """Whether the materials say anything to write from, and a model may."""
    if card.coverage is Coverage.NOT_COVERED or not card.sources:
        return False
    return may_write(session, asker.course_id, chat_profile())
