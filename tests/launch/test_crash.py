"""The database server is killed: logins on their way end in words, nothing spent comes back."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import config, create_app
from app.config import Settings, with_driver
from app.extensions import db, transaction
from demo_lms import Platform
from lti_config.states import AGAIN
from scripts.children import signal_group
from scripts.embedded_postgres import EmbeddedPostgres
from tests.launch import lms
from tests.launch.lms import Browser


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path, durable=True)
    with server:
        server.create_database()
        yield server
    server.delete()


@pytest.fixture
def own_app(own_postgres: EmbeddedPostgres, settings: Settings) -> Iterator[Flask]:
    app = create_app(replace(settings, database_url=with_driver(own_postgres.dsn())))
    with app.app_context():
        upgrade()
        yield app
        db.engine.dispose()
    config.install(settings)


def test_a_crash_ends_logins_on_their_way_and_the_next_launch_opens(
    own_app: Flask, own_postgres: EmbeddedPostgres, served: Platform
):
    with transaction() as session:
        lms.register(session, served)
    browser = Browser(own_app)
    spent, begun = browser.begin(served), browser.begin(served)
    assert spent.post().status_code == 303

    assert own_postgres.process is not None
    signal_group(own_postgres.process.pid, signal.SIGKILL)
    own_postgres.process.wait()
    own_postgres.start()

    for attempt in (begun, spent):
        page = attempt.post()
        assert page.status_code == 401 and AGAIN in page.text
    assert browser.launch(served).status_code == 303
