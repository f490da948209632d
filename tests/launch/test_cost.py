"""What a launch costs: few statements, and no connection held while the platform is asked."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.extensions import db
from demo_lms import Platform
from lti_config import keysets
from lti_config.http import Client
from tests.launch.lms import Browser


@pytest.fixture
def statements(app: object) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(*args: object) -> None:
        sent.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def test_a_repeated_launch_takes_six_statements(
    browser: Browser, platform: Platform, statements: list[str]
):
    browser.launch(platform)
    attempt = browser.begin(platform)
    statements.clear()
    assert attempt.post().status_code == 303
    assert len(statements) <= 6, "\n".join(statements)


def test_no_connection_is_held_while_keys_are_fetched(
    browser: Browser, platform: Platform, session: Session, monkeypatch: pytest.MonkeyPatch
):
    held = []
    fetch = keysets.fetch

    def watched(client: Client, url: str) -> keysets.Fetched:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return fetch(client, url)

    monkeypatch.setattr(keysets, "fetch", watched)
    session.rollback()
    assert browser.launch(platform).status_code == 303
    assert held == [0]
