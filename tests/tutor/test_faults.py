"""When the model is down, slow or breaks off; when somebody asks twice, too much, or says stop."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.tutor import asking
from models import (
    Conversation,
    CourseMaterial,
    Message,
    SenderType,
    TurnState,
    TutorTurn,
    UsageRecord,
    now,
)
from tests.helpers import Visitor
from tests.llm.fake_endpoint import FakeEndpoint, Script
from tests.tutor.conftest import QUESTION, SSE, Event, ask, events, of

MISSING = "The written answer is missing: the model did not reply."
KEPT = "Your question and the pages are kept."


def only_question(session: Session) -> Message:
    session.rollback()
    return session.scalars(select(Message).where(Message.sender_type == SenderType.STUDENT)).one()


def answers(session: Session) -> list[Message]:
    session.rollback()
    query = select(Message).where(Message.sender_type == SenderType.ASSISTANT)
    return list(session.scalars(query))


def state(session: Session) -> TurnState:
    session.rollback()
    return session.scalars(select(TutorTurn.state)).one()


def again(visitor: Visitor, session: Session) -> list[Event]:
    question_id = only_question(session).message_id
    response = visitor.post(f"tutor/turns/{question_id}/answer", headers=SSE)
    assert response.status_code == 200, response.text
    return events(response.text)


@pytest.mark.parametrize("script", [Script(status=500), Script(die_after=0), Script(pieces=())])
def test_model_down_the_student_is_told_and_retries_with_one_click(
    student: Visitor, session: Session, capable: FakeEndpoint, script: Script
) -> None:
    capable.script = script
    stream = ask(student)
    notice = of("error", stream)[0]
    assert f"{MISSING} {KEPT}" in notice
    assert notice.count("Try again") == 1
    assert state(session) is TurnState.FAILED
    assert MISSING in student.get("tutor/").text
    capable.script = Script()
    retried = again(student, session)
    assert "There is one list" in of("answer", retried)[-1]
    assert only_question(session).content == QUESTION
    assert len(answers(session)) == 1
    assert state(session) is TurnState.WRITTEN
    assert MISSING not in student.get("tutor/").text


def test_a_model_that_dies_midway_leaves_what_it_wrote(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(die_after=3)
    notice = of("error", ask(student))[0]
    assert "The written answer is incomplete: the model broke off." in notice
    assert "There is one" in notice
    assert answers(session)[0].content == "There is one"
    capable.script = Script()
    again(student, session)
    assert [message.content for message in answers(session)] == ["There is one list [1]."]
    session.rollback()
    assert session.scalars(select(Conversation.message_count)).one() == 2


def test_an_answer_is_written_once(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    ask(student)
    retried = again(student, session)
    assert "There is one list" in of("answer", retried)[-1]
    assert len(capable.requests) == 1
    assert len(answers(session)) == 1


def test_asking_the_same_again_after_a_failure_is_one_question(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(status=500)
    ask(student)
    capable.script = Script()
    ask(student)
    assert only_question(session).content == QUESTION
    assert state(session) is TurnState.WRITTEN


def test_stop_keeps_what_was_written(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    def stop(number: int) -> None:
        if number == 3:
            session.rollback()
            session.execute(update(TutorTurn).values(stop_asked=True))
            session.commit()

    capable.script = Script(pieces=tuple(f"word{n} " for n in range(50)), wait_between=0.2)
    capable.script.on_piece = stop
    answer = of("answer", ask(student))[0]
    assert "Stopped. What was written is kept." in answer
    assert state(session) is TurnState.STOPPED
    assert "word2" in answers(session)[0].content
    assert capable.left.wait(2)
    session.rollback()
    assert session.scalars(select(UsageRecord)).one().completion_tokens


def test_stop_is_heard_over_http(student: Visitor, session: Session, capable: FakeEndpoint) -> None:
    ask(student)
    question_id = only_question(session).message_id
    assert student.post(f"tutor/turns/{question_id}/stop").status_code == 204
    session.rollback()
    assert session.scalars(select(TutorTurn.stop_asked)).one() is True


def test_a_reader_who_goes_away_ends_the_model_and_keeps_the_text(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(hang_after=3)
    response = student.post("tutor/ask", data={"question": QUESTION}, headers=SSE, buffered=False)
    chunks = iter(response.response)
    seen = b""
    while b"data: one " not in seen:
        seen += next(chunks)  # type: ignore[operator]
    response.close()
    assert capable.left.wait(2)
    assert state(session) is TurnState.STOPPED
    assert answers(session)[0].content == "There is one"
    page = student.get("tutor/").text
    assert "Stopped. What was written is kept." in page
    assert "Write it again" in page


def test_one_answer_at_a_time(student: Visitor, session: Session, capable: FakeEndpoint) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait(number: int) -> None:
        begun.set()
        if number == 1:
            go_on.wait(5)

    capable.script = Script(on_piece=wait)
    first = threading.Thread(target=ask, args=(student,))
    first.start()
    assert begun.wait(5)
    refused = student.post("tutor/ask", data={"question": "What is a copy?"}, headers=SSE)
    go_on.set()
    first.join()
    assert refused.status_code == 409
    assert "still writing your last answer" in refused.text
    assert of("answer", ask(student, "What is a copy of a list?"))


def test_what_a_dead_process_was_writing_stands_in_nobodys_way(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(status=500)
    ask(student)
    session.rollback()
    session.execute(
        update(TutorTurn).values(
            state=TurnState.WRITING, alive_at=now() - timedelta(minutes=1), failure=None
        )
    )
    session.commit()
    page = student.get("tutor/").text
    assert "it was broken off" in page
    capable.script = Script()
    assert of("answer", again(student, session))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "Write a question first."),
        (" \n\x00 ", "Write a question first."),
        ("x" * 4001, "at most 4,000 fit"),
    ],
)
def test_a_question_that_cannot_be_taken(
    student: Visitor, session: Session, question: str, words: str
) -> None:
    refused = student.post("tutor/ask", data={"question": question}, headers=SSE)
    assert refused.status_code == 422
    assert words in refused.text
    page = student.post("tutor/ask", data={"question": question})
    assert page.status_code == 422
    assert words in page.text
    assert question.strip("\x00 \n")[:100] in page.text
    assert session.scalars(select(Message)).all() == []


def test_a_flood_is_held_back(student: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_QUESTIONS", 2)
    ask(student, "What is a list?")
    ask(student, "What is a copy?")
    refused = student.post("tutor/ask", data={"question": "What is a slice?"}, headers=SSE)
    assert refused.status_code == 429
    assert "wait a few minutes" in refused.text


def test_pages_that_were_taken_back_are_not_written_from(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    capable.script = Script(status=500)
    ask(student)
    session.rollback()
    session.execute(update(CourseMaterial).values(is_public=False))
    session.commit()
    capable.script = Script()
    assert "Please ask the question again." in of("error", again(student, session))[0]
    assert len(capable.requests) == 1


def test_nothing_is_written_where_no_model_may(student: Visitor, session: Session) -> None:
    ask(student)
    question_id = only_question(session).message_id
    refused = student.post(f"tutor/turns/{question_id}/answer", headers=SSE)
    assert refused.status_code == 409


def test_without_script_the_same_forms_are_pages(
    student: Visitor, session: Session, capable: FakeEndpoint
) -> None:
    sent = student.post("tutor/ask", data={"question": QUESTION})
    assert sent.status_code == 303
    page = student.get(sent.location).text
    assert "An assignment never copies a list." in page
    assert "Show the written answer" in page
    question_id = only_question(session).message_id
    written = student.post(f"tutor/turns/{question_id}/answer")
    assert written.status_code == 303
    assert "There is one list" in student.get(written.location).text
