"""Two demo platforms for the whole run, registered anew in each test; both sides behind sockets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app import config
from demo_lms import Platform, Settings
from demo_lms.serving import free_port, running
from models import Registration
from tests.launch import lms


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, migrated_app: Flask) -> Iterator[Platform]:
    with lms.serve(tmp_path_factory.mktemp("lms"), migrated_app) as platform:
        yield platform


@pytest.fixture(scope="session")
def other_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with lms.serve(tmp_path_factory.mktemp("other_lms")) as platform:
        yield platform


@pytest.fixture
def registration(session: Session, served: Platform) -> Registration:
    return lms.register(session, served)


@pytest.fixture
def platform(served: Platform, registration: Registration) -> Platform:
    """A demo LMS that is registered and may launch."""
    return served


@pytest.fixture
def other_platform(session: Session, other_served: Platform) -> Platform:
    lms.register(session, other_served)
    return other_served


@pytest.fixture
def browser(app: Flask) -> lms.Browser:
    return lms.Browser(app)


@dataclass(frozen=True)
class Place:
    """The tool (localhost) and a demo LMS (127.0.0.1), which are two sites."""

    tool: str
    platform: Platform

    @property
    def link(self) -> str:
        return f"{self.platform.settings.issuer}/links/course-tutor?as=student-1"


@pytest.fixture
def place(app: Flask, session: Session, tmp_path: Path) -> Iterator[Place]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    tool = f"http://localhost:{server.server_port}"
    config.install(replace(config.current(), url=tool))
    settings = Settings(folder=tmp_path / "lms", port=free_port(), tool_url=tool)
    with running(Platform.open(settings)) as platform:
        lms.register(session, platform)
        yield Place(tool, platform)
    server.shutdown()
