"""What the tool says of itself wherever it is registered: one description, for every spelling.

LTI Dynamic Registration 1.0 section 6 (tool configuration); Canvas's developer-key JSON.
"""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from lti_config.launch import MessageType
from lti_config.platforms import canvas

NAME = "CourseLLM"
DESCRIPTION = (
    "A tutor that answers from the course's own materials, with the page it stands on, "
    "and practice that sends its score to the gradebook."
)
CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"

_AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = {
    _AGS + "lineitem": "see and add columns of the gradebook",
    _AGS + "lineitem.readonly": "see the gradebook's columns that are its own",
    _AGS + "result.readonly": "read back the scores of its own columns",
    _AGS + "score": "send scores",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly": (
        "read who is in the course"
    ),
}
"""Each with what it lets us do, for the administrator."""
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email", "locale")
CUSTOM = {"context_history": "$Context.id.history", "canvas_domain": "$Canvas.api.domain"}
"""Asked for with every launch: lower snake case, since Moodle sends other keys twice."""
_PATHS = ("login", "launch", "jwks", "icon.svg")
MESSAGES = tuple(MessageType)
PLACEMENTS: Mapping[str, tuple[str, ...]] = {
    MessageType.DEEP_LINKING: ("ContentArea", "RichTextEditor", *canvas.PICKER_PLACEMENTS),
    MessageType.RESOURCE_LINK: (canvas.COURSE_TAB,),
}
"""Where links to us may be put, in the words of the specification and of Canvas."""


def addresses(url: str) -> dict[str, str]:
    """Our addresses, by what they are for."""
    return {name.partition(".")[0]: f"{url}/lti/{name}" for name in _PATHS}


def domain(url: str) -> str:
    """With the port, if there is one: Moodle compares it with the launch address's."""
    return urlsplit(url).netloc.lower()


def registration(
    url: str,
    *,
    scopes: Collection[str],
    custom: Mapping[str, str],
    messages: Mapping[str, Collection[str]],
    is_canvas: bool,
) -> dict[str, Any]:
    """The body of a registration request, of what this platform offers."""
    ours = addresses(url)
    configuration = {
        "domain": domain(url),
        "description": DESCRIPTION,
        "target_link_uri": ours["launch"],
        "custom_parameters": dict(custom),
        "claims": list(CLAIMS),
        "messages": [
            _message(kind, placements, ours, is_canvas) for kind, placements in messages.items()
        ],
    }
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": ours["login"],
        "redirect_uris": [ours["launch"]],
        "client_name": NAME,
        "client_uri": url,
        "logo_uri": ours["icon"],
        "jwks_uri": ours["jwks"],
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(scopes),
        CONFIGURATION: {**configuration, **(canvas.configuration(NAME) if is_canvas else {})},
    }


def canvas_json(url: str) -> dict[str, Any]:
    """The same as a Canvas developer key, to be entered by its address."""
    ours = addresses(url)
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": ours["login"],
        "target_link_uri": ours["launch"],
        "scopes": list(SCOPES),
        "public_jwk_url": ours["jwks"],
        "custom_fields": dict(CUSTOM),
        "extensions": [canvas.extension(NAME, domain(url), ours["launch"], ours["icon"])],
    }


def _message(
    kind: str, placements: Collection[str], ours: Mapping[str, str], is_canvas: bool
) -> dict[str, Any]:
    message: dict[str, Any] = {
        "type": kind,
        "target_link_uri": ours["launch"],
        "label": NAME,
        "icon_uri": ours["icon"],
    }
    if placements:
        message["placements"] = list(placements)
    return {**message, **(canvas.message(placements) if is_canvas else {})}
