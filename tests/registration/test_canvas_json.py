"""Canvas's developer key by address: every key and value that Canvas's own schema knows."""

from dataclasses import replace

from flask import Flask

from app import config
from lti_config import tool

KNOWN = {
    "title",
    "description",
    "oidc_initiation_url",
    "target_link_uri",
    "scopes",
    "public_jwk_url",
    "custom_fields",
    "extensions",
}
PLACEMENT = {
    "placement",
    "message_type",
    "target_link_uri",
    "text",
    "icon_url",
    "enabled",
    "default",
    "selection_width",
    "selection_height",
}


def test_it_stands_at_its_address(app: Flask):
    config.install(replace(config.current(), url="https://tutor.example"))
    answer = app.test_client().get("/lti/canvas.json")
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    assert "max-age=300" in answer.headers["Cache-Control"]
    key = answer.get_json()
    assert set(key) == KNOWN
    assert key["oidc_initiation_url"] == "https://tutor.example/lti/login"
    assert key["target_link_uri"] == "https://tutor.example/lti/launch"
    assert key["public_jwk_url"] == "https://tutor.example/lti/jwks"
    assert key["scopes"] == list(tool.SCOPES) and len(key["scopes"]) == 5
    assert key["custom_fields"]["canvas_domain"] == "$Canvas.api.domain"


def test_where_it_puts_us(app: Flask):
    (extension,) = app.test_client().get("/lti/canvas.json").get_json()["extensions"]
    assert extension["platform"] == "canvas.instructure.com"
    assert extension["domain"] == "localhost:8000"
    assert extension["privacy_level"] == "public"
    kinds = {}
    for one in extension["settings"]["placements"]:
        assert set(one) <= PLACEMENT
        assert one["target_link_uri"] == "http://localhost:8000/lti/launch"
        assert one["icon_url"] == "http://localhost:8000/lti/icon.svg", "no editor button without"
        kinds[one["placement"]] = (one["message_type"], one.get("default"))
    picker = ("LtiDeepLinkingRequest", None)
    assert kinds == {
        "assignment_selection": picker,
        "link_selection": picker,
        "editor_button": picker,
        "module_index_menu_modal": picker,
        "course_navigation": ("LtiResourceLinkRequest", "disabled"),
    }


def test_the_icon(app: Flask):
    answer = app.test_client().get("/lti/icon.svg")
    assert answer.status_code == 200 and answer.mimetype == "image/svg+xml"
    assert answer.data.startswith(b"<svg") and "max-age=86400" in answer.headers["Cache-Control"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
