"""The way to the database: a connection that leads nowhere is never handed out."""

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from app import extensions
from app.config import Settings
from app.extensions import db, transaction


@pytest.fixture
def kept(app: Flask) -> Iterator[int]:
    """Server process of the one connection that waits in the pool."""
    db.engine.dispose()
    yield _used()
    db.engine.dispose()


def _used() -> int:
    with transaction() as session:
        return int(session.execute(text("select pg_backend_pid()")).scalar_one())


def _outside(settings: Settings, statement: str, pid: int) -> None:
    address = settings.database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement, [pid])


def test_one_that_the_server_has_closed_is_replaced(kept: int, settings: Settings):
    _outside(settings, "select pg_terminate_backend(%s, 10000)", kept)
    assert _used() != kept


def test_one_that_was_used_just_now_is_not_asked(kept: int, monkeypatch: pytest.MonkeyPatch):
    def ping(_connection: object) -> bool:
        raise AssertionError("asked")

    monkeypatch.setattr(db.engine.dialect, "do_ping", ping)
    assert _used() == kept


def test_one_that_was_idle_for_long_is_asked(kept: int, monkeypatch: pytest.MonkeyPatch):
    asked = []
    ping = db.engine.dialect.do_ping
    monkeypatch.setattr(db.engine.dialect, "do_ping", lambda one: asked.append(one) or ping(one))
    monkeypatch.setattr(extensions, "IDLE_SECONDS", -1.0)
    assert _used() == kept
    assert len(asked) == 1


def test_one_that_does_not_answer_is_replaced(kept: int, monkeypatch: pytest.MonkeyPatch):
    def ping(_connection: object) -> bool:
        raise psycopg.OperationalError("no way there")

    monkeypatch.setattr(db.engine.dialect, "do_ping", ping)
    monkeypatch.setattr(extensions, "IDLE_SECONDS", -1.0)
    assert _used() != kept
