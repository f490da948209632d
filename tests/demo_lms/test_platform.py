"""What stays over a restart, and the server itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from demo_lms import Platform, Settings, links, persons
from demo_lms.line_items import LineItem, listed
from demo_lms.links import Link
from demo_lms.serving import free_port, open_server, running
from demo_lms.tokens import launch_claims


def test_key_links_and_grades_survive_a_restart(
    platform: Platform, lms_settings: Settings, item: LineItem, link: Link
) -> None:
    links.rename(platform.store, link.id, "Renamed")
    again = Platform.open(lms_settings)
    assert again.key.kid == platform.key.kid
    assert [found.title for found in links.listed(again.store)] == ["Renamed"]
    assert listed(again.store) == [item]


def test_a_deleted_first_link_does_not_come_back(
    platform: Platform, lms_settings: Settings, link: Link
) -> None:
    links.delete(platform.store, link.id)
    assert links.listed(Platform.open(lms_settings).store) == []


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path / "new")
    kid = Platform.open(settings).key.kid
    assert Platform.open(settings).key.kid == kid
    mode = stat.S_IMODE((settings.folder / "platform_key.pem").stat().st_mode)
    assert mode == 0o600
    assert sorted(path.suffix for path in settings.folder.iterdir())[0] == ".pem"


def test_the_key_set_is_public_and_may_be_kept(client: FlaskClient, platform: Platform) -> None:
    answer = client.get("/jwks")
    assert "max-age=" in answer.headers["Cache-Control"]
    (key,) = answer.get_json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
    assert (key["kid"], key["alg"], key["use"]) == (platform.key.kid, "RS256", "sig")


def test_the_configuration_names_the_endpoints(client: FlaskClient) -> None:
    found = client.get("/.well-known/openid-configuration").get_json()
    assert found["issuer"] == "http://127.0.0.1:8001"
    assert found["authorization_endpoint"] == "http://127.0.0.1:8001/auth"
    assert found["token_endpoint"] == "http://127.0.0.1:8001/token"
    assert found["jwks_uri"] == "http://127.0.0.1:8001/jwks"


def test_the_life_of_an_id_token_can_be_set(tmp_path: Path) -> None:
    platform = Platform.open(Settings(folder=tmp_path, id_token_lifetime=60))
    link = links.get(platform.store, links.FIRST_LINK)
    claims = launch_claims(platform, persons.get("teacher"), link, nonce="n")
    assert claims["exp"] - claims["iat"] == 60


def test_a_real_server_on_a_port_of_its_own(tmp_path: Path) -> None:
    platform = Platform.open(Settings(folder=tmp_path, port=free_port()))
    url = platform.settings.issuer + "/health"
    with running(platform), urllib.request.urlopen(url) as answer:
        assert json.load(answer) == {"status": "ok"}
    with pytest.raises(OSError):
        urllib.request.urlopen(url)


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError):
            open_server(Platform.open(Settings(folder=tmp_path, port=port)))
        env = {**os.environ, "COURSELLM_DATA": str(tmp_path), "DEMO_LMS_PORT": str(port)}
        done = subprocess.run(
            [sys.executable, "-m", "demo_lms"], env=env, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == (f"Port {port} is taken: stop what listens there or set DEMO_LMS_PORT.\n")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_and_stops_cleanly(tmp_path: Path, stop: signal.Signals) -> None:
    env = {**os.environ, "COURSELLM_DATA": str(tmp_path), "DEMO_LMS_PORT": str(free_port())}
    command = [sys.executable, "-m", "demo_lms"]
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Demo LMS: http://127.0.0.1:{env['DEMO_LMS_PORT']}\n"
        process.send_signal(stop)
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
