"""Fixtures: one real PostgreSQL for each process of a run, migrated once, its tables emptied after
each test. A file's tests stay in one process, in their order."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import config, create_app
from app.config import Settings, with_driver
from app.extensions import db
from scripts.embedded_postgres import EmbeddedPostgres
from tests.stack import Stack

SHARED = Path(__file__).parents[2] / "shared"
"""Real course files and data sets, where they are at hand; tests that need them skip without."""

EMPTY_ALL = """
do $$
declare name text; filled boolean;
begin
  set local session_replication_role = replica;
  for name in select tablename from pg_tables
      where schemaname = 'public' and tablename not in ('alembic_version') loop
    execute format('select exists (select from %I)', name) into filled;
    if filled and name <> 'users' then execute format('delete from %I', name); end if;
  end loop;
  delete from users where sso_id <> 'system';
end $$
"""


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than the processors at hand: a third of the time tests wait for others to answer."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ or not hasattr(os, "sched_getaffinity"):
        return None
    return len(os.sched_getaffinity(0)) + 1


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of this run alone, thrown away at the end."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False)
    server.start()
    try:
        server.create_database("coursellm")
        yield server
    finally:
        server.stop()
        server.delete()


@pytest.fixture(scope="session")
def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data = tmp_path_factory.mktemp("data")
    return Settings(
        database_url=with_driver(postgres.dsn()),
        data_dir=data,
        url="http://localhost:8000",
        secret_keys=("test-key-" + "0" * 32,),
        storage_url=(data / "files").as_uri(),
        trusted_private_hosts=("127.0.0.1", "localhost"),
    )


@pytest.fixture(scope="session")
def migrated_app(settings: Settings) -> Flask:
    app = create_app(settings)
    app.testing = False  # errors are answered as in production
    with app.app_context():
        upgrade()
    return app


@pytest.fixture
def app(migrated_app: Flask, settings: Settings) -> Iterator[Flask]:
    """The application on an empty database, with its context entered."""
    config.install(settings)
    with migrated_app.app_context():
        yield migrated_app
        with db.engine.begin() as connection:
            connection.execute(text(EMPTY_ALL))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session for arranging and looking; tests commit what the application is to see."""
    with Session(db.engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole installation, started once a run; tests leave it running."""
    stack = Stack(tmp_path_factory.mktemp("stack") / "data")
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
