"""Extensions, made here and bound in create_app, and the one way to the database."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import psycopg
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from models import Base

IDLE_SECONDS = 30.0
"""After so long a connection is asked whether it still leads anywhere: a firewall tells nobody."""

db = SQLAlchemy(model_class=Base)
migrate = Migrate()


@contextmanager
def transaction() -> Iterator[Session]:
    """One step: a session that commits at the end, or rolls back, and gives its connection back.

    Opened by views, jobs and commands inside an app context. Never held across a wait on the
    network, a model or a stream.
    """
    with Session(db.engine, expire_on_commit=False) as session, session.begin():
        yield session


def watch_connections(app: Flask) -> None:
    """Never hand out a connection that the server has closed, without asking it each time."""
    with app.app_context():
        event.listen(db.engine, "checkin", _note_use)
        event.listen(db.engine, "checkout", _refuse_dead)


def _note_use(_connection: psycopg.Connection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["used_at"] = monotonic()


def _refuse_dead(
    connection: psycopg.Connection, entry: ConnectionPoolEntry, _proxy: object
) -> None:
    """A server that goes says so: then there is something to read, where nothing was asked."""
    if connection.closed:
        raise DisconnectionError
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    used_at = entry.info.get("used_at")
    is_fresh = used_at is None or monotonic() - used_at < IDLE_SECONDS
    if is_fresh and not waiting.poll(0):
        return
    try:
        db.engine.dialect.do_ping(connection)  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise DisconnectionError from error
