"""A whole turn over HTTP: card, stream, answer with citations, and everything that is kept."""

import time

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extensions import db
from models import (
    Conversation,
    Course,
    CourseRole,
    Coverage,
    FileType,
    Message,
    MessageCitation,
    MessageEvidence,
    SenderType,
    TurnState,
    TutorTurn,
    UsageRecord,
)
from tests import factories
from tests.helpers import Visitor, enter
from tests.llm.fake_endpoint import MODEL, FakeEndpoint, Script
from tests.tutor.conftest import PAGES, QUESTION, UNKNOWN, AddText, ask, of

ANSWER = (
    "There is only one list [1].\n\n",
    "The line `b = a` ",
    "gives it a second name [1][2]. ",
    "See also [9].",
)


def kept(session: Session, sender: SenderType) -> list[Message]:
    session.rollback()
    query = select(Message).where(Message.sender_type == sender).order_by(Message.timestamp)
    return list(session.scalars(query))


def test_without_a_model_the_card_is_the_whole_answer(student: Visitor, session: Session) -> None:
    stream = ask(student)
    assert [event.name for event in stream] == ["evidence", "done"]
    card = of("evidence", stream)[0]
    assert "Answered in your materials" in card
    assert "An assignment never copies a list." in card
    assert "p. 1" in card
    assert 'data-mode="crop"' in card
    assert "Stop" not in card
    assert kept(session, SenderType.ASSISTANT) == []


def test_a_capable_model_writes_below_the_card(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(pieces=ANSWER)
    stream = ask(student)
    names = [event.name for event in stream]
    assert names[0] == "evidence"
    assert names[-2:] == ["answer", "done"]
    assert "".join(of("token", stream)).startswith("There is only one list [1].")
    assert "There is only one list" in of("block", stream)[0]
    answer = of("answer", stream)[0]
    assert answer.count('class="cl-cite"') == 3
    assert "page=1" in answer
    assert "[9]" not in answer
    assert "Week 4, p. 1" in answer


def test_every_column_is_filled(student: Visitor, session: Session, capable: FakeEndpoint) -> None:
    capable.script = Script(pieces=ANSWER, wait_between=0.01)
    ask(student)
    question = kept(session, SenderType.STUDENT)[0]
    answer = kept(session, SenderType.ASSISTANT)[0]
    assert question.content == QUESTION
    assert question.token_count
    assert question.contains_code is False
    assert (answer.token_count, answer.llm_model) == (20, "test-model")
    assert answer.response_time_ms
    assert answer.response_time_ms >= 40
    assert answer.contains_code is True
    assert answer.reply_to_id == question.message_id
    conversation = session.scalars(select(Conversation)).one()
    assert (conversation.title, conversation.message_count) == (QUESTION, 2)
    evidence = session.scalars(select(MessageEvidence)).one()
    assert evidence.coverage is Coverage.ANSWERED
    usage = session.scalars(select(UsageRecord)).one()
    assert (usage.model, usage.prompt_tokens, usage.completion_tokens) == (MODEL, 100, 20)
    assert usage.message_id == answer.message_id
    assert session.scalars(select(TutorTurn.state)).one() is TurnState.WRITTEN


def test_tokens_are_estimated_where_the_endpoint_counts_none(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(pieces=ANSWER, usage=False)
    ask(student)
    usage = session.scalars(select(UsageRecord)).one()
    assert (usage.prompt_tokens or 0) > 100
    assert 15 <= (usage.completion_tokens or 0) <= 50


def test_only_real_sources_are_kept_as_citations(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(pieces=ANSWER)
    ask(student)
    rows = session.scalars(select(MessageCitation).order_by(MessageCitation.number)).all()
    assert [row.number for row in rows] == [1, 2]
    assert rows[0].page == 1
    assert rows[0].quote in PAGES[0]
    assert all(row.chunk_id and row.material_id for row in rows)


def test_a_model_that_cites_nothing_gets_no_citation(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(pieces=("An assignment never copies a list.",))
    answer = of("answer", ask(student))[0]
    assert "cl-cite" not in answer
    assert "It names no sources. It was written from" in answer
    assert session.scalars(select(MessageCitation)).all() == []


def test_what_is_not_covered_is_said_and_never_written(
    student: Visitor, capable: FakeEndpoint
) -> None:
    stream = ask(student, UNKNOWN)
    card = of("evidence", stream)[0]
    assert "Not in your materials" in card
    assert 'data-mode="crop"' not in card
    assert "<mark>" not in card
    assert [event.name for event in stream] == ["evidence", "done"]
    assert capable.requests == []


def test_the_tiny_model_is_silent_until_a_teacher_lets_it_speak(
    student: Visitor, teacher: Visitor, tiny: FakeEndpoint
) -> None:
    assert [event.name for event in ask(student)] == ["evidence", "done"]
    assert student.post("tutor/policy", data={"small_model": "1"}).status_code == 403
    assert teacher.post("tutor/policy", data={"small_model": "1"}).status_code == 303
    answer = of("answer", ask(student, "What is a copy of a list?"))[0]
    assert "Small trial model" in answer
    assert "smollm2" not in answer
    assert teacher.post("tutor/policy", data={"small_model": "0"}).status_code == 303
    assert ask(student, "What does the method copy make?")[-1].name == "done"
    assert len(tiny.requests) == 1


def test_no_connection_is_held_while_the_model_writes(
    student: Visitor, capable: FakeEndpoint
) -> None:
    held = []
    pool = db.engine.pool

    def look(_number: int) -> None:
        time.sleep(0.2)  # a look at whether Stop was pressed is over by then
        held.append(pool.checkedout())  # type: ignore[attr-defined]

    capable.script = Script(pieces=ANSWER, wait_between=0.2, on_piece=look)
    ask(student)
    assert held == [0, 0, 0, 0]


def test_another_courses_material_is_never_a_source(
    app: Flask, session: Session, course: Course, add_text: AddText, capable: FakeEndpoint
) -> None:
    other = factories.course(session, course_code="PY2")
    add_text(other, "Secrets\nAn assignment never copies a list, says the other course.")
    capable.script = Script(pieces=ANSWER)
    stream = ask(enter(app, session, course))
    assert "other course" not in str(stream)
    assert "other course" not in str(capable.requests)


def test_hidden_material_answers_teachers_only(
    student: Visitor, teacher: Visitor, course: Course, add_text: AddText
) -> None:
    add_text(
        course,
        "Draft\nQuicksort chooses a pivot element and parts the list around it.",
        title="Week 5",
        is_public=False,
        file_type=FileType.MD,
    )
    question = "Which pivot element does quicksort choose?"
    assert "pivot" not in of("evidence", ask(student, question))[0].split("</h2>")[1]
    assert "Week 5" in of("evidence", ask(teacher, question))[0]


def test_a_follow_up_is_searched_with_the_question_before_it(student: Visitor) -> None:
    ask(student)
    for question in ("And why?", "Explain that again, simpler"):
        card = of("evidence", ask(student, question))[0]
        assert "An assignment never copies a list." in card


def test_the_conversation_comes_back(student: Visitor, capable: FakeEndpoint) -> None:
    capable.script = Script(pieces=ANSWER)
    ask(student)
    ask(student, "What is a copy of a list?")
    page = student.get("tutor/").text
    assert "Earlier in this conversation" in page
    assert page.count('class="cl-past"') == 1
    assert page.count("Explained from these pages") == 2
    assert page.count('class="cl-evidence"') == 1
    assert student.post("tutor/new").status_code == 303
    assert QUESTION not in student.get("tutor/").text


def test_history_reaches_the_prompt_shortened(student: Visitor, capable: FakeEndpoint) -> None:
    capable.script = Script(pieces=ANSWER)
    ask(student)
    ask(student, "What is a copy of a list?")
    roles = [message["role"] for message in capable.requests[1]["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    assert QUESTION in capable.requests[1]["messages"][3]["content"]


def test_everybody_has_their_own_conversation(
    app: Flask, session: Session, course: Course, student: Visitor, capable: FakeEndpoint
) -> None:
    ask(student)
    question_id = kept(session, SenderType.STUDENT)[0].message_id
    for role in (CourseRole.STUDENT, CourseRole.TEACHER):
        other = enter(app, session, course, role)
        assert QUESTION not in other.get("tutor/").text
        assert other.post(f"tutor/turns/{question_id}/answer").status_code == 404
        assert other.post(f"tutor/turns/{question_id}/stop").status_code == 404


def test_who_may_not_learn_or_teach_stays_outside(
    app: Flask, session: Session, course: Course
) -> None:
    for role in (CourseRole.OBSERVER, CourseRole.ADMINISTRATOR, CourseRole.NONE):
        visitor = enter(app, session, course, role)
        assert visitor.get("tutor/").status_code == 403
        assert visitor.post("tutor/ask", data={"question": "?"}).status_code == 403
