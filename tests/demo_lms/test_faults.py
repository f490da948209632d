"""The switches that make the platform misbehave."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from demo_lms import Platform, faults, oidc, persons
from demo_lms.line_items import container_url
from demo_lms.links import Link
from demo_lms.tokens import launch_claims
from tests.demo_lms.fake_tool import Clock, FakeTool, Service


def test_ags_down_and_up_again(service: Service, platform: Platform) -> None:
    url = container_url(platform.settings)
    faults.set_faults(platform.store, ags_down=True)
    assert service.get(url).status_code == 503
    assert service.get("/api/courses/demo-course/memberships").status_code == 200
    faults.clear_faults(platform.store)
    assert service.get(url).status_code == 200


def test_ags_hangs(service: Service, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    faults.set_faults(platform.store, ags_hang=30)
    assert service.get(container_url(platform.settings)).status_code == 200
    assert slept == [30]


def test_nrps_jwks_and_token_down(
    service: Service, platform: Platform, client: FlaskClient, tool: FakeTool
) -> None:
    faults.set_faults(platform.store, nrps_down=True, jwks_down=True, token_down=True)
    assert service.get("/api/courses/demo-course/memberships").status_code == 503
    assert client.get("/jwks").status_code == 503
    assert client.post("/token", data=tool.token_form()).status_code == 503


def test_the_clock_is_off(platform: Platform, link: Link, clock: Clock) -> None:
    faults.set_faults(platform.store, clock_offset=-90)
    claims = launch_claims(platform, persons.get("teacher"), link, nonce="n")
    assert claims["iat"] == int(clock()) - 90


def test_the_administrators_form(be: Any, platform: Platform) -> None:
    client = be("admin")
    form = {"ags_down": "1", "ags_hang": "2", "clock_offset": "-5", "platform_storage": "_parent"}
    assert client.post("/faults", data=form).status_code == 303
    assert faults.get_faults(platform.store) == faults.Faults(
        ags_down=True, ags_hang=2, clock_offset=-5, platform_storage="_parent"
    )
    page = client.get("/faults").text
    assert 'name="ags_down" value="1" checked' in page
    assert '<option value="_parent" selected>' in page
    assert client.post("/faults", data={}).status_code == 303
    assert faults.get_faults(platform.store) == faults.Faults()


@pytest.mark.parametrize("storage", faults.STORAGES)
def test_platform_storage_is_named_in_login_and_launch(
    be: Any, platform: Platform, link: Link, storage: str
) -> None:
    """And the page round the tool has what answers."""
    faults.set_faults(platform.store, platform_storage=storage)
    login = oidc.login_request(platform, persons.get("teacher"), link)
    answer = oidc.authorize(
        platform, {"redirect_uri": platform.settings.tool_launch_url}, persons.get("teacher")
    )
    named = {"lti_storage_target": storage} if storage else {}
    for post in (login, answer):
        got = {name: text for name, text in post.fields.items() if name == "lti_storage_target"}
        assert got == named
    for path in ("/links/course-tutor", "/add"):
        page = be("teacher").get(path).text
        assert ("storage.js" in page) is bool(storage)
        assert ("<iframe hidden" in page) is (storage == faults.FORWARDING_FRAME)


@pytest.mark.parametrize(
    "form",
    [
        {"ags_hang": "-1"},
        {"clock_offset": "soon"},
        {"unknown": "1"},
        {"ags_hang": "999999"},
        {"platform_storage": "elsewhere"},
    ],
)
def test_values_that_make_no_sense(be: Any, platform: Platform, form: dict[str, str]) -> None:
    assert be("admin").post("/faults", data=form).status_code == 400
    assert faults.get_faults(platform.store) == faults.Faults()


@pytest.mark.parametrize("person", [p.id for p in persons.PERSONS if p.id != "admin"])
def test_nobody_else_may(be: Any, platform: Platform, person: str) -> None:
    client = be(person)
    assert client.get("/faults").status_code == 403
    assert client.post("/faults", data={"ags_down": "1"}).status_code == 403
    assert not faults.get_faults(platform.store).ags_down
