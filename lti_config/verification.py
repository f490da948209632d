"""An id_token, checked whole, in the order of the Security Framework 1.0, section 5.1.3.

Signature, issuer, audience, azp, algorithm, times, nonce; then the claims of LTI (`message`).
PyLTI1p3 accepts tokens without exp or iat, ten years old, with a foreign azp, with the nonce of
another login: each check here says what it refuses. What the library does right it does, through
`pylti`.
"""

import base64
import binascii
import hmac
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn

from lti_config import claims as read_claims
from lti_config import facts, message
from lti_config.addresses import TrustedHosts
from lti_config.approval import check_deployment
from lti_config.claims import DEPLOYMENT_ID, Claims
from lti_config.errors import Fault, LaunchRefused
from lti_config.keysets import Keys
from lti_config.launch import Launch
from lti_config.pylti import Message, Party, Unfit
from lti_config.states import Awaited

ALGORITHM = "RS256"
LEEWAY_SECONDS = 60
"""Clocks of an LMS and of ours differ; without leeway every tenth launch would fail somewhere."""
OLDEST_SECONDS = 600
"""Canvas makes the token at the click and may keep it for five minutes."""

NOT_GENUINE = (
    "The sign-in from your course could not be verified. Please open the link in your course again."
)
MALFORMED = (
    "Your course sent something that CourseLLM could not read. "
    "Please open the link in your course again."
)


@dataclass(frozen=True)
class Token:
    """An id_token taken apart. Nothing in it is to be believed yet."""

    raw: str
    header: dict[str, Any]
    claims: Claims

    @property
    def named_deployment(self) -> object:
        return self.claims.get(DEPLOYMENT_ID)


def take_apart(raw: str) -> Token:
    """Header and claims of a compact JWT. Raises LaunchRefused (400)."""
    parts = raw.split(".")
    if len(parts) != 3:
        raise LaunchRefused(400, MALFORMED, f"id_token has {len(parts)} parts, not 3")
    return Token(raw, _json(parts[0], "header"), _json(parts[1], "payload"))


def verify_launch(
    token: Token,
    awaited: Awaited,
    keys: Keys,
    *,
    own_origin: str,
    trusted: TrustedHosts,
    moment: datetime,
) -> Launch:
    """The launch of a token that passes every check. Raises LaunchRefused."""
    _check_header(token.header)
    library = _open(token, awaited, keys)
    _by_library(library.check_signature, 401, NOT_GENUINE, Fault.KEY)

    claims = token.claims
    _check_issuer(claims, awaited)
    _check_audience(claims, awaited)
    _check_times(claims, moment.timestamp())
    _check_nonce(claims, awaited)
    message.check(claims, awaited, own_origin=own_origin, trusted=trusted)

    _by_library(library.check_message, 400, MALFORMED, Fault.MESSAGE)
    deployment = check_deployment(claims[DEPLOYMENT_ID], awaited.deployment)
    _by_library(library.check_party, 401, NOT_GENUINE, Fault.MESSAGE)
    launch = read_claims.read(claims, awaited, deployment.deployment_id, trusted)
    message.check_rights(launch)
    told = facts.of(token.header, claims, awaited, launch, moment.timestamp())
    return replace(launch, facts=told)


def _open(token: Token, awaited: Awaited, keys: Keys) -> Message:
    found = awaited.deployment
    active = found.lti_deployment_id if found and found.is_active else None
    try:
        return Message(token.raw, Party(awaited.issuer, awaited.client_id, active), keys)
    except Unfit as error:
        raise LaunchRefused(400, MALFORMED, f"PyLTI1p3: {error}") from error


def _check_header(header: dict[str, Any]) -> None:
    """RS256 under a `kid`; a key or an address that the header brings along is never looked at."""
    if header.get("alg") != ALGORITHM:
        _refuse(f"alg is {header.get('alg')!r}, not {ALGORITHM}", Fault.KEY)
    if not isinstance(header.get("kid"), str) or not header["kid"]:
        _refuse("header has no kid", Fault.KEY)


def _check_issuer(claims: Claims, awaited: Awaited) -> None:
    if claims.get("iss") != awaited.issuer:
        _refuse(
            f"iss is {claims.get('iss')!r}, not the registration's {awaited.issuer!r}", Fault.ISSUER
        )


def _check_audience(claims: Claims, awaited: Awaited) -> None:
    """Only we are trusted: any other audience beside us is one too many."""
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if not listed or any(one != awaited.client_id for one in listed):
        _refuse(f"aud is {audience!r}, not our client id alone", Fault.AUDIENCE)
    if len(listed) > 1 and "azp" not in claims:
        _refuse("several audiences, but no azp", Fault.AUDIENCE)
    if "azp" in claims and claims["azp"] != awaited.client_id:
        _refuse(f"azp is {claims['azp']!r}, not our client id", Fault.AUDIENCE)


def _check_times(claims: Claims, moment: float) -> None:
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    if expires <= moment - LEEWAY_SECONDS:
        _refuse(f"exp: expired {moment - expires:.0f} s ago", Fault.CLOCK)
    if issued > moment + LEEWAY_SECONDS:
        _refuse(f"iat: issued {issued - moment:.0f} s ahead of our clock", Fault.CLOCK)
    if issued < moment - OLDEST_SECONDS:
        _refuse(f"iat: issued {moment - issued:.0f} s ago", Fault.CLOCK)
    if "nbf" in claims and _time(claims, "nbf") > moment + LEEWAY_SECONDS:
        _refuse("nbf: not valid yet", Fault.CLOCK)


def _time(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**12:
        _refuse(f"{name} is missing or no time", Fault.MESSAGE)
    return float(value)


def _check_nonce(claims: Claims, awaited: Awaited) -> None:
    """The nonce of this very login: one of another is as good as none."""
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonce:
        _refuse("nonce is missing", Fault.MESSAGE)
    if not hmac.compare_digest(nonce.encode(errors="replace"), awaited.nonce.encode()):
        _refuse("nonce is not the one of this login")


def _by_library(step: Callable[[], None], status: int, sentence: str, fault: Fault) -> None:
    try:
        step()
    except Unfit as error:
        raise LaunchRefused(status, sentence, f"PyLTI1p3: {error}", fault) from error


def _json(part: str, what: str) -> dict[str, Any]:
    try:
        # altchars with validate: plain base64 drops what it doesn't know, so that two different
        # tokens could read the same.
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars="-_", validate=True)
        value = json.loads(raw.decode(), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise LaunchRefused(400, MALFORMED, f"id_token: {what} can't be decoded") from error
    if not isinstance(value, dict):
        raise LaunchRefused(400, MALFORMED, f"id_token: {what} is no object")
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("number out of range")
    return value


def _refuse(reason: str, fault: Fault | None = None) -> NoReturn:
    raise LaunchRefused(401, NOT_GENUINE, reason[:300], fault)
