"""Access tokens of a platform's services, asked for (Security Framework 1.0, section 4.1).

Client credentials, with a JWT signed by the tool's key in place of a password.
"""

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lti_config.errors import AddressRefused, Unreachable
from lti_config.http import Client
from lti_config.keys import SigningKey
from models import now

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300
BACKDATED_SECONDS = 5
"""Moodle has no leeway: a clock of ours that is ahead would be refused."""
USUAL_SECONDS = 3600


class TokenRefused(Exception):
    """The platform gives no token: a setting is wrong, on its side or ours.

    `status`: of its answer, if there was one.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Account:
    """Who we are at a platform's services: plain values, for use without a database."""

    registration_id: uuid.UUID
    client_id: str
    token_url: str
    audience: str
    product_family: str | None


@dataclass(frozen=True)
class Token:
    value: str
    expires_at: datetime


def request(client: Client, account: Account, key: SigningKey, scopes: Collection[str]) -> Token:
    """Ask the platform for a token. Waits on the network: no session is open meanwhile.

    Raises TokenRefused, Unreachable.
    """
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": key.sign(_assertion(account)),
        "scope": joined(scopes),
    }
    try:
        reply = client.post(account.token_url, form, {"Accept": "application/json"})
    except AddressRefused as error:
        raise TokenRefused(str(error)) from error
    if reply.status == 429 or reply.status >= 500:
        raise Unreachable(f"token endpoint answered {reply.shown}", reply.status)
    if reply.status >= 300:
        raise TokenRefused(f"token endpoint answered {reply.shown}", reply.status)
    answer = reply.json()
    if answer is None:
        raise Unreachable("token endpoint answered no JSON")
    return _token(answer, scopes)


def _assertion(account: Account) -> dict[str, Any]:
    moment = int(time.time())
    return {
        "iss": account.client_id,
        "sub": account.client_id,
        "aud": account.audience,
        "iat": moment - BACKDATED_SECONDS,
        "exp": moment - BACKDATED_SECONDS + ASSERTION_SECONDS,
        "jti": uuid.uuid4().hex,
    }


def _token(answer: Any, scopes: Collection[str]) -> Token:
    value = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise TokenRefused("token endpoint answered without a token")
    granted = answer.get("scope")
    if isinstance(granted, str) and granted.strip() and not set(scopes) <= set(granted.split()):
        missing = sorted(set(scopes) - set(granted.split()))
        raise TokenRefused(f"the platform does not grant {', '.join(missing)}")
    life = answer.get("expires_in")
    seconds = life if isinstance(life, int) and 0 < life < 10**6 else USUAL_SECONDS
    return Token(value, now() + timedelta(seconds=seconds))


def joined(scopes: Collection[str]) -> str:
    """Scopes as they are asked for, in one order."""
    return " ".join(sorted(scopes))
