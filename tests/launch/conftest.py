"""Two demo platforms for the whole run, registered anew in each test."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from demo_lms import Platform
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
