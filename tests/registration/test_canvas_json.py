"""Canvas's developer key by address: every key and value, as Canvas's own schema knows them."""

from dataclasses import replace

from flask import Flask

from app import config

URL = "https://tutor.example/lti"
OURS = {
    "enabled": True,
    "target_link_uri": f"{URL}/launch",
    "text": "CourseLLM",
    "icon_url": f"{URL}/icon.svg",
}
PICKER = {
    "message_type": "LtiDeepLinkingRequest",
    "selection_width": 800,
    "selection_height": 600,
    "visibility": "admins",
}
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope"


def test_it_stands_at_its_address(app: Flask):
    config.install(replace(config.current(), url="https://tutor.example"))
    answer = app.test_client().get("/lti/canvas.json")
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    assert "max-age=300" in answer.headers["Cache-Control"]
    key = answer.get_json()
    (extension,) = key.pop("extensions")
    assert len(key.pop("description")) > 50
    assert key == {
        "title": "CourseLLM",
        "oidc_initiation_url": f"{URL}/login",
        "target_link_uri": f"{URL}/launch",
        "public_jwk_url": f"{URL}/jwks",
        "custom_fields": {
            "context_history": "$Context.id.history",
            "canvas_domain": "$Canvas.api.domain",
        },
        "scopes": [
            f"{AGS}/lineitem",
            f"{AGS}/lineitem.readonly",
            f"{AGS}/result.readonly",
            f"{AGS}/score",
            f"{NRPS}/contextmembership.readonly",
        ],
    }
    settings = extension.pop("settings")
    assert extension == {
        "platform": "canvas.instructure.com",
        "domain": "tutor.example",
        "tool_id": "coursellm",
        "privacy_level": "public",
    }
    placements = settings.pop("placements")
    assert settings == {"text": "CourseLLM", "icon_url": f"{URL}/icon.svg"}
    assert placements == [
        {**OURS, **PICKER, "placement": "assignment_selection"},
        {**OURS, **PICKER, "placement": "link_selection"},
        {**OURS, **PICKER, "placement": "editor_button"},
        {**OURS, **PICKER, "placement": "module_index_menu_modal"},
        {
            **OURS,
            "message_type": "LtiResourceLinkRequest",
            "placement": "course_navigation",
            "default": "disabled",
        },
    ]


def test_the_icon(app: Flask):
    answer = app.test_client().get("/lti/icon.svg")
    assert answer.status_code == 200 and answer.mimetype == "image/svg+xml"
    assert answer.data.startswith(b"<svg") and "max-age=86400" in answer.headers["Cache-Control"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
