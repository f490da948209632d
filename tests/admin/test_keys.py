"""Our keys at the console: their state, and the button that rotates them."""

from dataclasses import replace
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import config
from app.config import Settings
from lti_config import keys
from models import AuditEvent, ToolKey
from tests.admin.conftest import Console, shown


def test_rotating_announces_one_key_and_says_so(console: Console, session: Session) -> None:
    first = keys.signing_key(session, config.current().secret_keys).kid
    session.commit()
    text = shown(console.get("/keys"))
    assert f"{first} Signs" in text and "no end set" in text
    text = console.done("/keys/rotate")
    second = session.scalars(select(ToolKey.kid).where(ToolKey.kid != first)).one()
    assert f"{second} Announced" in text and f"{first} Signs" in text
    assert "no end set" in text and "takes over by itself" in text
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.event_id.desc())).first()
    assert event and (event.action, event.subject) == ("keys.rotated", second)

    console.done("/keys/rotate")  # a second press of an old page
    session.rollback()
    assert len(session.scalars(select(ToolKey.kid)).all()) == 2

    later = timedelta(hours=24, minutes=1)
    session.execute(
        update(ToolKey).values(
            signs_from=ToolKey.signs_from - later, retired_at=ToolKey.retired_at - later
        )
    )
    session.commit()
    text = shown(console.get("/keys"))
    assert f"{second} Signs" in text and f"{first} Signs no more" in text
    assert "takes over by itself" not in text


def test_a_lost_secret_key_says_what_to_do(console: Console, session: Session) -> None:
    keys.signing_key(session, ("lost-" + "9" * 32,))
    session.commit()
    assert "can't be opened" in shown(console.get("/keys"))
    for path in ("/keys/rotate", "/keys/encrypt-anew"):
        answer = console.post(path)
        assert answer.status_code == 409
        assert "Put the former key back" in shown(answer)
    session.rollback()
    assert len(session.scalars(select(ToolKey.kid)).all()) == 1


def test_keys_under_a_former_secret_key_are_encrypted_anew(
    app: Flask, console: Console, session: Session, settings: Settings
) -> None:
    keys.signing_key(session, settings.secret_keys)
    session.commit()
    newest = "newest-" + "7" * 32
    config.install(replace(settings, secret_keys=(newest, *settings.secret_keys)))
    assert "encrypted with a former secret key" in shown(console.get("/keys"))
    assert "Older ones can go" in console.done("/keys/encrypt-anew")
    assert "former secret key" not in shown(console.get("/keys"))
    session.rollback()
    assert keys.signing_key(session, (newest,)).kid
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.event_id.desc())).first()
    assert event and event.action == "keys.encrypted_anew"
