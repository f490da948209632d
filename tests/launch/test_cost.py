"""What a launch costs: few statements, and no connection held while the platform is asked."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.extensions import db
from demo_lms import Platform, persons
from demo_lms.links import FIRST_LINK, get
from lti_config import keysets
from lti_config.http import Client
from models import Enrollment, User
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


def test_a_login_takes_two_statements(browser: Browser, platform: Platform, statements: list[str]):
    browser.begin(platform)
    statements.clear()
    page = browser.log_in(platform, persons.get("student-1"), get(platform.store, FIRST_LINK))
    assert page.status_code == 200
    assert len(statements) <= 2, "\n".join(statements)


def test_a_repeated_launch_writes_its_session_and_two_times(
    browser: Browser, platform: Platform, session: Session, statements: list[str]
):
    """Nothing else has changed; yet who came when is known."""
    browser.launch(platform)
    before = session.scalars(select(Enrollment)).one().last_launch_at
    attempt = browser.begin(platform)
    statements.clear()
    assert attempt.post().status_code == 303
    writing = [one for one in statements if "UPDATE" in one or "INSERT" in one]
    assert [re.findall(r"(?:UPDATE|INSERT INTO) ([a-z_]+)", one) for one in writing] == [
        ["launch_states", "registration_health"],
        ["enrollments", "users"],
        ["sessions"],
    ]
    session.rollback()
    enrollment = session.scalars(select(Enrollment).execution_options(populate_existing=True)).one()
    assert before and enrollment.last_launch_at and enrollment.last_launch_at > before
    assert session.get_one(User, enrollment.student_id).last_login == enrollment.last_launch_at


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
