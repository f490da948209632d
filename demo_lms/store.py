"""The demo LMS's memory: one SQLite file of the standard library, so that it survives a restart."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = Path(__file__).with_name("schema.sql")


class Store:
    """Opens a connection per step: requests run in threads, and SQLite objects stay in theirs."""

    course = ""
    """Which course's links and columns are listed: the built-in one's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA.read_text(encoding="utf-8"))

    def of(self, course: str) -> Store:
        """The same memory, seen from another course."""
        other = copy.copy(self)
        other.course = course
        return other

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start, so check-then-write is safe."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.rollback()
                raise
            db.commit()

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._connection() as db:
            return db.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> sqlite3.Row | None:
        found = self.rows(query, *values)
        return found[0] if found else None

    def note(self, name: str, default: Any) -> Any:
        """A single kept value (JSON)."""
        found = self.row("SELECT value FROM notes WHERE name = ?", name)
        return json.loads(found["value"]) if found else default

    def keep_note(self, name: str, value: Any) -> None:
        with self.write() as db:
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA synchronous = NORMAL")
            yield db
        finally:
            db.close()


def spend(db: sqlite3.Connection, kind: str, value: str, *, now: int, expires_at: int) -> bool:
    """Mark a one-time value as used. False when it was used before.

    `expires_at` must not lie before the moment from which the message itself is too old.
    """
    db.execute("DELETE FROM spent WHERE expires_at < ?", (now,))
    done = db.execute("INSERT OR IGNORE INTO spent VALUES (?, ?, ?)", (kind, value, expires_at))
    return done.rowcount == 1
