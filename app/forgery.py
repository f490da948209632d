"""Anti-CSRF tokens: a cookie travels by itself, so a form must prove that our page sent it."""

import hashlib
import hmac

from flask import request

from app import config

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def token(purpose: bytes) -> str:
    """What a form made for this purpose must bring back."""
    return _made(config.current().secret_keys[0], purpose)


def is_shown(purpose: bytes) -> bool:
    """Whether the request brings the token, in its header or its form."""
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    known = [_made(key, purpose).encode() for key in config.current().secret_keys]
    return any(hmac.compare_digest(one, given.encode()) for one in known)


def _made(key: str, purpose: bytes) -> str:
    return hmac.new(key.encode(), purpose, hashlib.sha256).hexdigest()
