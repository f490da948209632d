"""Being registered at a platform, on the wire; nothing is stored here.

LTI Dynamic Registration 1.0 section 3.5, OpenID Connect Dynamic Client Registration 1.0.
"""

import json
from dataclasses import dataclass
from typing import NoReturn

from lti_config import texts, tool
from lti_config.discovery import NOT_PERMITTED, Configuration, json_of, said
from lti_config.errors import AddressRefused, RegistrationRefused, Unreachable
from lti_config.http import Client, Reply

REFUSED = (
    "Your LMS refused the registration. Nothing was kept here; you can start again with the same "
    "address."
)
NO_ANSWER = (
    "Your LMS gave no proper answer to the registration. If CourseLLM stands in its list of tools "
    "now, delete it there, then start again with the same address."
)


@dataclass(frozen=True)
class Answer:
    """What the platform gave us."""

    client_id: str
    deployment_id: str | None
    """Moodle says it; Canvas makes deployments later."""


def register(client: Client, configuration: Configuration, token: str, own_url: str) -> Answer:
    """Be registered at the platform. Raises RegistrationRefused."""
    body = tool.registration(
        own_url,
        scopes=configuration.scopes,
        custom=configuration.custom,
        messages=configuration.messages,
        is_canvas=configuration.is_canvas,
    )
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        reply = client.post(configuration.registration_url, json.dumps(body).encode(), headers)
    except (AddressRefused, Unreachable) as error:
        reason = f"registration: {said(error)}"
        raise RegistrationRefused(400, NO_ANSWER, reason) from None
    if reply.status not in {200, 201}:
        _refuse(reply, token)
    return _answer(reply)


def _answer(reply: Reply) -> Answer:
    document = json_of(reply)
    given = document if isinstance(document, dict) else {}
    client_id = _identifier(given.get("client_id"))
    if client_id is None:
        raise RegistrationRefused(400, NO_ANSWER, "registration: no client id in the answer")
    return Answer(
        client_id, _identifier(texts.mapping(given, tool.CONFIGURATION).get("deployment_id"))
    )


def _identifier(value: object) -> str | None:
    """An id, which some send as a number."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and texts.is_identifier(text) else None


def _refuse(reply: Reply, token: str) -> NoReturn:
    """Moodle answers plain text announced as HTML, and whole pages for a token that is broken."""
    words = _words(reply, token)
    reason = f"registration: {reply.status} {words!r}"
    if reply.status in {401, 403, 404}:
        raise RegistrationRefused(400, NOT_PERMITTED, reason)
    if reply.status >= 500:
        raise RegistrationRefused(400, NO_ANSWER, reason)
    raise RegistrationRefused(400, f"{REFUSED} It said: “{words}”." if words else REFUSED, reason)


def _words(reply: Reply, token: str) -> str:
    """What the platform says of it, if that is short and plain."""
    text = texts.clean(reply.body.decode(errors="replace"))
    if not 0 < len(text) <= 200 or "<" in text or (token and token in text):
        return ""
    return text
