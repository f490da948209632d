"""What the tool signs: its key set is fetched over HTTP and every message is verified with it.

1EdTech Security Framework 1.0 sections 5.1.3 (message checks), 5.2.2, 6.3 (key sets).
"""

from __future__ import annotations

import json
import math
import threading
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from demo_lms.errors import Refusal

Claims = dict[str, Any]
FetchJson = Callable[[str], Any]

CACHE_SECONDS = 60
_TIMEOUT = 5
_MAX_BYTES = 256 * 1024
_MIN_KEY_BITS = 2048


def fetch_json(url: str) -> Any:
    """GET a JSON document, past any proxy. Raises OSError or ValueError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_TIMEOUT) as answer:
        return json.loads(answer.read(_MAX_BYTES))


class ToolKeys:
    """The tool's public keys by `kid`: kept a minute, read again at once for an unknown one."""

    def __init__(self, url: str, fetch: FetchJson, clock: Callable[[], float]) -> None:
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, RSAKey] = {}
        self._read_at = float("-inf")

    def find(self, kid: str) -> RSAKey:
        """Raises Refusal when the set has no such key or cannot be read."""
        with self._lock:
            stale = not 0 <= self._clock() - self._read_at < CACHE_SECONDS
            if stale or kid not in self._keys:
                self._keys = self._read()
                self._read_at = self._clock()
            if kid not in self._keys:
                raise _untrusted(f"the tool's key set has no RSA key {kid!r}")
            return self._keys[kid]

    def _read(self) -> dict[str, RSAKey]:
        try:
            document = self._fetch(self._url)
            listed = document["keys"]
            return {key["kid"]: _import(key) for key in listed if _is_usable(key)}
        except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
            reason = f"the tool's key set at {self._url} cannot be read: {error}"
            raise _untrusted(reason) from error


def verified_claims(keys: ToolKeys, token: str) -> Claims:
    """The claims of a compact JWT that the tool signed with RS256 and a published key.

    Only the signature is checked here, not what the claims say. Raises Refusal (400).
    """
    try:
        header = jws.extract_compact(token.encode()).protected
    except (JoseError, ValueError) as error:
        raise _untrusted(f"the message is no compact JWT: {error}") from error
    kid = header.get("kid")
    if header.get("alg") != "RS256":
        raise _untrusted(f"alg is {header.get('alg')!r}, only RS256 is registered")
    if not isinstance(kid, str) or not kid:
        raise _untrusted("the header has no kid")
    try:
        return dict(jwt.decode(token, keys.find(kid), algorithms=["RS256"]).claims)
    except JoseError as error:
        raise _untrusted(f"the signature does not hold: {error}") from error


def check_times(claims: Claims, now: int, longest: int) -> None:
    """exp and iat are numbers, iat is not ahead, exp is not past nor further off than `longest`.

    Without leeway, as Moodle does it. Raises Refusal (400).
    """
    issued, expires = (_seconds(claims, name) for name in ("iat", "exp"))
    if math.floor(issued) > now:
        raise _untrusted(f"iat is {issued - now:g} s ahead of the platform's clock")
    if expires <= now:
        raise _untrusted(f"exp passed {now - expires:g} s ago")
    if expires > now + longest:
        raise _untrusted(f"exp is more than {longest} s away")


def audience(claims: Claims) -> list[str]:
    """`aud` as a list, whichever of the two forms it has."""
    value = claims.get("aud")
    listed = value if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, str)]


def one_time_text(claims: Claims, name: str) -> str:
    """A jti or nonce: text of 1 to 255 characters. Raises Refusal (400)."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise _untrusted(f"{name} is missing or no text of at most 255 characters")
    return value


def _seconds(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _untrusted(f"{name} is missing or no number")
    return value


def _is_usable(key: Mapping[str, Any]) -> bool:
    return key["kty"] == "RSA" and bool(key.get("kid")) and key.get("use", "sig") == "sig"


def _import(key: Mapping[str, Any]) -> RSAKey:
    imported = RSAKey.import_key({name: key[name] for name in ("kty", "n", "e")})
    if imported.public_key.key_size < _MIN_KEY_BITS:
        raise ValueError(f"key {key['kid']!r} is shorter than {_MIN_KEY_BITS} bits")
    return imported


def _untrusted(reason: str) -> Refusal:
    return Refusal(400, "invalid_client", reason)
