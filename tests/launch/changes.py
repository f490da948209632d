"""Changes to a valid launch on its way back from the platform, one each."""

import time
from collections.abc import Callable
from hashlib import sha256
from hmac import new
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session

from app.extensions import transaction
from demo_lms import tokens
from models import LaunchState, now
from tests.launch.lms import Attempt

Change = Callable[[Attempt], None]

STRANGER = RSAKey.generate_key(2048, auto_kid=True)


def claim(name: str, value: Any) -> Change:
    return lambda attempt: attempt.claims.update({name: value})


def without(name: str) -> Change:
    return lambda attempt: attempt.claims.pop(name)


def form(**fields: str | None) -> Change:
    return lambda attempt: attempt.form.update(fields)


def token(make: Callable[[Attempt], str]) -> Change:
    def change(attempt: Attempt) -> None:
        attempt.token = make(attempt)

    return change


def header(**fields: Any) -> Change:
    return lambda attempt: attempt.header.update(fields)


def both(*changes: Change) -> Change:
    def change(attempt: Attempt) -> None:
        for one in changes:
            one(attempt)

    return change


def signed_by_stranger(attempt: Attempt) -> None:
    attempt.key = STRANGER


def nested(name: str, **fields: Any) -> Change:
    """Fields inside an object claim; None removes one."""

    def change(attempt: Attempt) -> None:
        value = {**attempt.claims[name], **fields}
        attempt.claims[name] = {key: one for key, one in value.items() if one is not None}

    return change


def seconds(name: str, offset: float) -> Change:
    return lambda attempt: attempt.claims.update({name: time.time() + offset})


def old(attempt: Attempt) -> None:
    attempt.claims.update(iat=time.time() - 700, exp=time.time() + 60)


def altered(attempt: Attempt) -> str:
    head, _, signature = attempt.id_token().split(".")
    attempt.claims["sub"] = "someone-else"
    return ".".join([head, attempt.id_token().split(".")[1], signature])


def symmetric(attempt: Attempt) -> str:
    """HS256, with the platform's public key as the secret."""
    public = attempt.platform.key.as_pem(private=False)
    head = {"alg": "HS256", "kid": attempt.platform.key.kid, "typ": "JWT"}
    return tokens.compact(head, attempt.claims, lambda signed: new(public, signed, sha256).digest())


def unsigned(attempt: Attempt) -> str:
    head = {"alg": "none", "kid": attempt.platform.key.kid}
    return tokens.compact(head, attempt.claims, lambda signed: b"")


def another_login(name: str) -> Change:
    """The nonce, or the state, of another login of the same browser."""

    def change(attempt: Attempt) -> None:
        other = attempt.browser.begin(attempt.platform)
        if name == "nonce":
            attempt.claims["nonce"] = other.params["nonce"]
        else:
            attempt.form["state"] = other.state

    return change


def expire(attempt: Attempt) -> None:
    with transaction() as session:
        session.get_one(LaunchState, attempt.state).expires_at = now()


def arranged(arrange: Callable[[Session, LaunchState], None]) -> Change:
    """Something that happens in our database while the launch is on its way."""

    def change(attempt: Attempt) -> None:
        with transaction() as session:
            arrange(session, session.get_one(LaunchState, attempt.state))

    return change
