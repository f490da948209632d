"""What a platform says of itself: read, checked, and cut down to what we ask for.

LTI Dynamic Registration 1.0 section 3.3 (OpenID configuration), OpenID Connect Discovery 1.0.
Whose word it is, is checked in `issuers`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lti_config import issuers, texts, tool
from lti_config.addresses import TrustedHosts, check_url, origin
from lti_config.errors import AddressRefused, RegistrationRefused, Unreachable
from lti_config.http import Client, Reply
from lti_config.launch import MessageType
from lti_config.platforms import canvas, moodle

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
READ_SECONDS = 5.0
"""An administrator waits, and a worker with them: not as patient as with services."""

NOT_REACHED = (
    "Your LMS could not be reached from here, or gave no proper answer. It must have a public "
    "https address; a private one has to be listed by the operator of this CourseLLM. "
    "Nothing was registered."
)
INCOMPLETE = (
    "What your LMS says of itself is incomplete, or fits no LTI 1.3 platform. "
    "Nothing was registered. The people who run this CourseLLM can add the LMS by hand."
)
NOT_PERMITTED = (
    "Your LMS did not accept the registration: its permission works once, and for an hour. "
    "Start the registration in your LMS anew, with the same address."
)
ANY_NEXT_STEP = "Switch CourseLLM on in its list of tools, if it is not on yet."


@dataclass(frozen=True)
class Configuration:
    """A platform as it says itself, checked; of what it offers only what we ask for."""

    issuer: str
    auth_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    auth_audience: str | None
    product_family: str | None
    account_name: str
    """Of the school, where the platform serves many."""
    scopes: Sequence[str]
    custom: Mapping[str, str]
    messages: Mapping[str, Sequence[str]]
    """The kinds of launches, each with the places where links to us may be put."""

    @property
    def is_canvas(self) -> bool:
        return canvas.is_canvas(self.product_family)

    @property
    def frame_sources(self) -> str:
        """Who may show the registration page in a frame: the LMS whose administrator sits there."""
        sources = [origin(self.issuer), origin(self.registration_url)]
        if self.issuer in canvas.HOSTED:
            sources += canvas.FRAMES
        return " ".join(dict.fromkeys(sources))

    @property
    def has_course_tab(self) -> bool:
        placements = self.messages.get(MessageType.RESOURCE_LINK, ())
        return canvas.COURSE_TAB in map(canvas.plain_placement, placements)

    @property
    def next_step(self) -> str:
        """What is left to do in the LMS, in its own words where we know them."""
        steps = {canvas.FAMILY: canvas.NEXT_STEP, moodle.FAMILY: moodle.NEXT_STEP}
        return steps.get(self.product_family or "", ANY_NEXT_STEP)


def fetch(client: Client, url: str, token: str) -> Configuration:
    """Ask the platform what it is. Raises RegistrationRefused."""
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"  # Canvas answers nobody without
    try:
        check_url(url, client.trusted)
        reply = client.get(url, headers)
    except (AddressRefused, Unreachable) as error:
        reason = f"openid configuration: {said(error)}"
        raise RegistrationRefused(400, NOT_REACHED, reason) from None
    if reply.status in {401, 403}:
        raise RegistrationRefused(400, NOT_PERMITTED, f"openid configuration: {reply.status}")
    document = json_of(reply)
    if reply.status != 200 or not isinstance(document, dict):
        reason = f"openid configuration: {reply.status}, {reply.headers.get('Content-Type', '')!r}"
        raise RegistrationRefused(400, NOT_REACHED, reason[:300])
    return read(document, url, client.trusted)


def read(document: Mapping[str, Any], url: str, trusted: TrustedHosts) -> Configuration:
    """The configuration of this document, which was found at `url`. Raises RegistrationRefused."""
    found = {name: _address(document, name, trusted) for name in issuers.ENDPOINTS}
    issuer = _address(document, "issuer", trusted)
    platform = texts.mapping(document, PLATFORM)
    family = texts.clean(platform.get("product_family_code"))[:255] or None
    issuers.check(issuer, {"openid_configuration": url, **found})
    _check_security(document)
    return Configuration(
        issuer=issuer,
        auth_url=found["authorization_endpoint"],
        token_url=found["token_endpoint"],
        jwks_url=found["jwks_uri"],
        registration_url=found["registration_endpoint"],
        auth_audience=issuers.audience(issuer, document.get("authorization_server"), family),
        product_family=family,
        account_name=texts.clean(platform.get(canvas.ACCOUNT_NAME))[:200],
        scopes=_offered(tool.SCOPES, document.get("scopes_supported")),
        custom=_variables(platform),
        messages=_messages(platform, is_canvas=canvas.is_canvas(family)),
    )


def said(error: Exception) -> str:
    """An error's words for the log, less the queries of addresses: Canvas puts the token there."""
    return re.sub(r"\?[^\s'\"]*", "?…", str(error))[:300]


def json_of(reply: Reply) -> Any:
    """The JSON of an answer that says it is some; None for anything else."""
    kind = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return None
    return reply.json()


def _address(document: Mapping[str, Any], name: str, trusted: TrustedHosts) -> str:
    value = document.get(name)
    try:
        if not isinstance(value, str) or not value.isascii():
            raise AddressRefused("missing, or not of plain letters")
        parts = check_url(value, trusted)
        if name == "issuer" and (parts.query or parts.fragment or len(value) > texts.LONGEST_ID):
            raise AddressRefused("not an issuer")
    except AddressRefused as error:
        reason = f"openid configuration: {name}: {error}"
        raise RegistrationRefused(400, INCOMPLETE, reason) from None
    return value


def _check_security(document: Mapping[str, Any]) -> None:
    """RS256 and private_key_jwt are all that LTI has; who offers others alone is no platform."""
    for name, needed in (
        ("id_token_signing_alg_values_supported", "RS256"),
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("response_types_supported", "id_token"),
    ):
        if name in document and needed not in texts.strings(document[name]):
            reason = f"openid configuration: {name} lacks {needed}"
            raise RegistrationRefused(400, INCOMPLETE, reason)


def _offered(ours: Mapping[str, str], offered: object) -> tuple[str, ...]:
    """What we ask for, as far as it is offered: Canvas refuses the whole for one unknown scope."""
    listed = texts.strings(offered)
    return tuple(name for name in ours if not listed or name in listed)


def _variables(platform: Mapping[str, Any]) -> dict[str, str]:
    listed = texts.strings(platform.get("variables"))
    return {
        name: variable
        for name, variable in tool.CUSTOM.items()
        if not listed or variable.removeprefix("$") in listed
    }


def _messages(platform: Mapping[str, Any], *, is_canvas: bool) -> dict[str, tuple[str, ...]]:
    """The launches that both sides know, each with the placements that both sides know.

    Canvas puts a message that names no placement where teachers choose links.
    """
    listed = platform.get("messages_supported")
    supported = {
        item["type"]: texts.strings(item.get("placements"))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and isinstance(item.get("type"), str)
    }
    if not supported:
        supported = {kind: ["ContentArea"] for kind in tool.PLACEMENTS}
    shared = {
        kind: _placements(supported[kind], tool.PLACEMENTS.get(kind, ()))
        for kind in tool.MESSAGES
        if kind in supported
    }
    return {kind: placements for kind, placements in shared.items() if placements or not is_canvas}


def _placements(listed: list[str], ours: tuple[str, ...]) -> tuple[str, ...]:
    """In the platform's own spelling."""
    return tuple(name for name in listed if canvas.plain_placement(name) in ours)
