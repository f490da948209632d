"""Extensions, made here and bound in create_app, and the one way to the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

from models import Base

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
