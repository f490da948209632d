"""`flask keys rotate`: what an operator types, and what a leaked key is good for after `--now`."""

import time

import pytest
from click.testing import Result
from flask import Flask
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from lti_config import keys
from models import AuditEvent, ToolKey


def rotate(app: Flask, *options: str) -> Result:
    done = app.test_cli_runner().invoke(args=["keys", "rotate", *options])
    assert done.exit_code == 0, done.output
    return done


def recorded(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.event_id)))


def published(app: Flask) -> list[str]:
    return [key["kid"] for key in app.test_client().get("/lti/jwks").json["keys"]]


def test_rotating_the_keys(app: Flask, session: Session) -> None:
    first = published(app)
    done = rotate(app)
    assert "is published now and signs from" in done.output
    assert published(app)[:1] == first and len(published(app)) == 2
    assert recorded(session) == ["keys.rotated"]


def test_rotating_again_says_that_nothing_changed_and_records_nothing(
    app: Flask, session: Session
) -> None:
    published(app)
    rotate(app)
    before = published(app)
    again = rotate(app)
    assert "Nothing was changed." in again.output and f"{before[-1]} is announced" in again.output
    assert published(app) == before
    assert recorded(session) == ["keys.rotated"]


def test_rotating_again_after_a_new_secret_key_encrypts_anew(app: Flask, session: Session) -> None:
    old = config.current().secret_keys
    published(app)
    rotate(app)
    newest = ("newest-" + "7" * 32, *old)
    config.install(config.replace(config.current(), secret_keys=newest))
    assert "encrypted with the newest secret key now" in rotate(app).output
    assert recorded(session) == ["keys.rotated", "keys.encrypted_anew"]
    assert "Nothing was changed." in rotate(app).output


def test_a_leaked_key_is_good_for_nothing_from_now_on(app: Flask, session: Session) -> None:
    """Published and announced ones go, private parts too; the new one signs at once."""
    leaked = keys.signing_key(session, config.current().secret_keys)
    session.commit()
    rotate(app)
    forged = leaked.sign({"iss": "tool", "exp": int(time.time()) + 300})
    done = rotate(app, "--now")
    assert "all others are gone" in done.output and "Send again" in done.output
    session.rollback()
    new = keys.signing_key(session, config.current().secret_keys)
    assert published(app) == [new.kid] != [leaked.kid]
    assert session.scalars(select(ToolKey.kid)).all() == [new.kid]
    key_set = KeySet.import_key_set(app.test_client().get("/lti/jwks").json)
    with pytest.raises(InvalidKeyIdError):
        jwt.decode(forged, key_set)
    assert jwt.decode(new.sign({"iss": "tool"}), key_set).claims["iss"] == "tool"
    assert recorded(session) == ["keys.rotated", "keys.replaced"]


def test_where_the_secret_key_is_lost_a_new_key_is_the_way_out(
    app: Flask, session: Session
) -> None:
    keys.signing_key(session, ("lost-" + "9" * 32,))
    session.commit()
    refused = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert refused.exit_code == 1 and "Put the former key back" in refused.output
    rotate(app, "--now")
    session.rollback()
    assert keys.signing_key(session, config.current().secret_keys).kid == published(app)[0]
