"""The demo LMS is for this machine only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo_lms import Settings, SettingsRefused
from demo_lms.settings import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.9", "::1", "localhost"])
def test_loopback_hosts(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "10.0.0.1", "::", "lms.example", "localhost.example", "", None]
)
def test_other_hosts(host: str | None) -> None:
    assert not is_loopback(host)


def test_another_host_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="loopback only"):
        Settings(folder=tmp_path, host="0.0.0.0")


@pytest.mark.parametrize("url", ["https://tool.example", "http://10.1.2.3:8000", "tool"])
def test_production_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsRefused, match="production"):
        Settings(folder=tmp_path, tool_url=url)


def test_settings_come_from_the_environment() -> None:
    env = {
        "COURSELLM_DATA": "/data",
        "DEMO_LMS_PORT": "9001",
        "COURSELLM_URL": "http://localhost:9000/",
    }
    settings = Settings.from_env(env)
    assert settings.issuer == "http://127.0.0.1:9001"
    assert settings.folder == Path("/data/demo_lms")
    assert settings.tool_login_url == "http://localhost:9000/lti/login"
    assert settings.tool_launch_url == "http://localhost:9000/lti/launch"
    assert settings.tool_jwks_url == "http://localhost:9000/lti/jwks"


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_a_bad_port_is_named(port: str) -> None:
    with pytest.raises(SettingsRefused, match="DEMO_LMS_PORT"):
        Settings.from_env({"DEMO_LMS_PORT": port})


@pytest.mark.parametrize(
    ("name", "value"), [("DEMO_LMS_HOST", "0.0.0.0"), ("COURSELLM_URL", "https://tool.example")]
)
def test_the_command_says_why_it_does_not_start(tmp_path: Path, name: str, value: str) -> None:
    env = {**os.environ, "COURSELLM_DATA": str(tmp_path), name: value}
    done = subprocess.run(
        [sys.executable, "-m", "demo_lms"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and name in done.stderr
    assert list(tmp_path.iterdir()) == []
