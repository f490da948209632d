"""Alembic's environment: the application's engine, our models, and nothing of the job queue's."""

from typing import Any

from alembic import context
from flask import current_app

from models import Base


def ours(_thing: Any, name: str | None, kind: str, reflected: bool, _compare_to: Any) -> bool:
    """Whether autogenerate may touch it: Procrastinate's tables belong to Procrastinate."""
    return not (kind == "table" and reflected and (name or "").startswith("procrastinate_"))


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=ours,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
