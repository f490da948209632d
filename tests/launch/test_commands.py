"""`flask keys rotate`: what an operator types."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from lti_config import keys
from models import ToolKey


def test_rotating_the_keys(app: Flask, session: Session):
    keys.published(session, config.current().secret_keys)
    session.commit()
    done = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert done.exit_code == 0 and "signs from" in done.output
    assert len(session.scalars(select(ToolKey)).all()) == 2
