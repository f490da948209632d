"""What differs between registering in the manner of Canvas and in that of Moodle.

Read in Canvas's source, and measured on Moodle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from demo_lms import vocabulary as lti
from demo_lms.errors import Refusal, bad_request

CANVAS, MOODLE = "canvas", "moodle"
MANNERS = (CANVAS, MOODLE)
ACCOUNT = "Lakeside College (demo)"

_CANVAS_KEYS = "https://canvas.instructure.com/lti/"
_CANVAS_PICKERS = (
    "assignment_selection",
    "editor_button",
    "link_selection",
    "module_index_menu_modal",
)
_LEVELS = ("public", "name_only", "email_only", "anonymous")
_VARIABLES = ["Context.id", "Context.id.history", "Person.address.timezone", "User.id"]


def check_moodle(asked: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """The domain is the launch address's, with its port. Raises Refusal in its own words."""
    domain = str(about.get("domain") or "")
    if not domain:
        raise bad_request("missing_domain")
    target = urlsplit(str(about.get("target_link_uri") or ""))
    if domain.removeprefix("www.") != target.netloc.removeprefix("www."):
        raise bad_request("domain_targetlinkuri_mismatch")


def check_canvas(asked: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Its schema is strict: one unknown word refuses the whole. Raises Refusal."""
    unknown = set(str(asked.get("scope", "")).split()) - set(lti.SCOPES)
    known = _canvas_placements()
    for message in about.get("messages", []):
        kind = message.get("type")
        unknown |= set() if kind in known else {str(kind)}
        unknown |= set(message.get("placements", [])) - set(known.get(kind, ()))
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", str(about.get("domain", ""))):
        unknown.add("domain")
    if about.get(_CANVAS_KEYS + "privacy_level") not in _LEVELS:
        unknown.add("privacy_level")
    if not all(isinstance(value, str) for value in about.get("custom_parameters", {}).values()):
        unknown.add("custom_parameters")
    if unknown or not about.get("claims"):
        raise Refusal(422, "invalid", f"Not known here: {', '.join(sorted(unknown)) or 'claims'}")


def canvas_platform() -> dict[str, Any]:
    return {
        "product_family_code": "canvas",
        "version": "vCloud",
        "messages_supported": [
            {"type": kind, "placements": list(placements)}
            for kind, placements in _canvas_placements().items()
        ],
        "variables": [*_VARIABLES, "Canvas.api.domain"],
        _CANVAS_KEYS + "account_name": ACCOUNT,
        _CANVAS_KEYS + "account_lti_guid": "coursellm-demo-lms",
    }


def _canvas_placements() -> dict[str, tuple[str, ...]]:
    return {
        lti.RESOURCE_LINK_REQUEST: (_CANVAS_KEYS + "course_navigation",),
        lti.DEEP_LINKING_REQUEST: tuple(_CANVAS_KEYS + one for one in _CANVAS_PICKERS),
    }


def moodle_platform() -> dict[str, Any]:
    return {
        "product_family_code": "moodle",
        "version": "5.0 (demo)",
        "messages_supported": [
            {"type": lti.RESOURCE_LINK_REQUEST},
            {"type": lti.DEEP_LINKING_REQUEST, "placements": ["ContentArea"]},
        ],
        "variables": list(_VARIABLES),
    }
