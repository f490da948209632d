"""The demo LMS, and the picker that it opened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import config
from app.extensions import transaction
from demo_lms import Platform, Settings
from lti_config import keys
from tests.activities.dialog import Dialog


@pytest.fixture
def platform(app: Flask, tmp_path: Path) -> Platform:
    def fetch(_url: str) -> Any:
        with app.app_context(), transaction() as session:
            return keys.published(session, config.current().secret_keys)

    return Platform.open(Settings(folder=tmp_path), fetch=fetch)


@pytest.fixture
def dialog(app: Flask, session: Session, platform: Platform) -> Iterator[Dialog]:
    yield Dialog(app, session, platform)
