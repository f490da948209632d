"""Key sets of platforms, read: sound RSA keys for RS256, and how long they may be kept.

Security Framework 1.0 section 6.3. `app.connections.key_sets` keeps them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lti_config.errors import AddressRefused, Unreachable
from lti_config.http import Client
from lti_config.texts import is_identifier

SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24)
RSA_BITS = range(2048, 8193)
"""Weaker keys prove nothing, larger ones only cost time."""

Keys = Sequence[dict[str, Any]]
_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d{1,9})")


@dataclass(frozen=True)
class Fetched:
    keys: list[dict[str, Any]]
    life: timedelta


def fetch(client: Client, url: str) -> Fetched:
    """Ask the platform. Waits on the network. Raises Unreachable."""
    try:
        reply = client.get(url, {"Accept": "application/jwk-set+json, application/json"})
    except AddressRefused as error:
        raise Unreachable(str(error)) from error
    if reply.status != 200:
        raise Unreachable(f"key set: status {reply.status}")
    body = reply.json()
    found = body.get("keys") if isinstance(body, dict) else None
    keys = [_plain(key) for key in found if _signs(key)] if isinstance(found, list) else []
    if not keys:
        raise Unreachable("key set: no key to check an RS256 signature with")
    return Fetched(keys, _life(reply.headers))


def _signs(key: object) -> bool:
    """A sound public RSA key under a `kid`, meant for RS256 signatures."""
    if not isinstance(key, dict) or not is_identifier(key.get("kid")):
        return False
    if key.get("use", "sig") != "sig" or key.get("alg", "RS256") != "RS256":
        return False
    try:
        public = jwt.PyJWK(_plain(key), "RS256").key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return False
    return isinstance(public, RSAPublicKey) and public.key_size in RSA_BITS


def _plain(key: dict[str, Any]) -> dict[str, Any]:
    """The fields that count. Others (certificates, notes) are not kept."""
    return {"alg": "RS256"} | {name: key[name] for name in ("kty", "kid", "n", "e")}


def _life(headers: Mapping[str, str]) -> timedelta:
    control = headers.get("Cache-Control", "").lower()
    if found := _MAX_AGE.search(control):
        return min(max(timedelta(seconds=int(found[1])), SHORTEST), LONGEST)
    return SHORTEST if "no-store" in control or "no-cache" in control else USUAL
