"""The real web server: a browser that goes away in the middle ends the model's work."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from models import Message, SenderType, TurnState, TutorTurn
from tests.helpers import Visitor
from tests.llm.fake_endpoint import FakeEndpoint, Script
from tests.tutor.conftest import QUESTION

ROOT = Path(__file__).parents[2]
PATIENCE = 20


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def web(settings: Settings, endpoint: FakeEndpoint) -> Iterator[int]:
    """Gunicorn as in production, on the test's database and model; gives its port."""
    port = free_port()
    env = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "COURSELLM_DATA": str(settings.data_dir),
        "COURSELLM_URL": f"http://localhost:{port}",
        "COURSELLM_SECRET_KEYS": settings.secret_keys[0],
        "COURSELLM_STORAGE_URL": settings.storage_url,
        "OPENAI_BASE_URL": endpoint.url,
        "COURSELLM_CHAT_MODEL": "test-model",
    }
    arguments = ["--worker-class", "gthread", "--threads", "4", "--bind", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "gunicorn", *arguments, "--no-control-socket"]
    process = subprocess.Popen([*command, "wsgi:application"], cwd=ROOT, env=env)
    try:
        until(lambda: answers(port))
        yield port
    finally:
        process.terminate()
        process.wait(10)


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(condition: object) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def begin(port: int, visitor: Visitor, seen: bytes) -> socket.socket:
    """Ask over a plain socket and read until `seen` has come."""
    body = f"question={QUESTION.replace(' ', '+')}"
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    head = (
        f"POST {visitor.url('tutor/ask')} HTTP/1.1",
        f"Host: localhost:{port}",
        f"Authorization: Bearer {visitor.secret}",
        "Accept: text/event-stream",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    connection.sendall(("\r\n".join(head) + "\r\n\r\n" + body).encode())
    received = b""
    while seen not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return connection


def state(session: Session) -> TurnState:
    session.rollback()
    return session.scalars(select(TutorTurn.state)).one()


def test_a_closed_tab_while_tokens_come(
    web: int, student: Visitor, session: Session, endpoint: FakeEndpoint
) -> None:
    endpoint.script = Script(pieces=tuple(f"word{n} " for n in range(500)), wait_between=0.1)
    begin(web, student, b"data: word2").close()
    assert endpoint.left.wait(PATIENCE)
    until(lambda: state(session) is TurnState.STOPPED)
    answer = session.scalars(
        select(Message).where(Message.sender_type == SenderType.ASSISTANT)
    ).one()
    assert answer.content.startswith("word0 word1 word2")


def test_a_closed_tab_before_the_first_token(
    web: int, student: Visitor, session: Session, endpoint: FakeEndpoint
) -> None:
    endpoint.script = Script(wait_before=60)
    connection = begin(web, student, b"event: evidence")
    until(lambda: state(session) is TurnState.WRITING)
    connection.close()
    assert endpoint.left.wait(PATIENCE)
    until(lambda: state(session) is TurnState.STOPPED)
