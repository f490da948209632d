"""A demo LMS in a folder of its own, a tool beside it, and a clock that stands still."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from demo_lms import Platform, Settings, create_app
from demo_lms.keys import KEY_FILE, load_key
from demo_lms.line_items import LineItem, create
from demo_lms.links import FIRST_LINK, Link, get
from demo_lms.views.browser import COOKIE
from tests.demo_lms.fake_tool import Clock, FakeTool, Service


@pytest.fixture(scope="session")
def tool_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture(scope="session")
def other_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def platform_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Making a key takes longer than most tests, so all platforms here have the same."""
    folder = tmp_path_factory.mktemp("platform_key")
    load_key(folder)
    return folder / KEY_FILE


@pytest.fixture
def lms_settings(tmp_path: Path, platform_key_file: Path) -> Settings:
    folder = tmp_path / "demo_lms"
    folder.mkdir()
    shutil.copy(platform_key_file, folder)
    return Settings(folder=folder, tool_url="http://localhost:8000")


@pytest.fixture
def tool(lms_settings: Settings, clock: Clock, tool_key: RSAKey) -> FakeTool:
    return FakeTool(lms_settings, clock, tool_key)


@pytest.fixture
def platform(lms_settings: Settings, clock: Clock, tool: FakeTool) -> Platform:
    return Platform.open(lms_settings, fetch=tool.fetch, clock=clock)


@pytest.fixture
def client(platform: Platform) -> FlaskClient:
    return create_app(platform=platform).test_client()


@pytest.fixture
def be(client: FlaskClient) -> Callable[[str], FlaskClient]:
    """be("student-1"): the client's browser has chosen this person."""

    def choose(person_id: str) -> FlaskClient:
        client.set_cookie(COOKIE, person_id, domain="127.0.0.1")
        return client

    return choose


@pytest.fixture
def link(platform: Platform) -> Link:
    return get(platform.store, FIRST_LINK)


@pytest.fixture
def item(platform: Platform, link: Link) -> LineItem:
    """A line item of the first link, out of 20 points."""
    body = {"label": "Loops", "scoreMaximum": 20, "resourceLinkId": link.id, "tag": "grade"}
    return create(platform.store, body)


@pytest.fixture
def service(client: FlaskClient, tool: FakeTool) -> Service:
    """All service requests, with a token of every scope."""
    return Service(client, tool.access_token(client))
