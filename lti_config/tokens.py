"""Access tokens of a platform's services: asked for once an hour, shared by all workers.

Security Framework 1.0 section 4.1: client credentials, with a JWT signed by the tool's key in
place of a password. Tokens are kept encrypted; a token per request runs into rate limits.
"""

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_config.errors import AddressRefused, SealBroken, Unreachable
from lti_config.http import Client
from lti_config.keys import SigningKey
from lti_config.sealing import seal, unseal
from models import ServiceToken, now

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300
BACKDATED_SECONDS = 5
"""Moodle has no leeway: a clock of ours that is ahead would be refused."""
SPARE = timedelta(seconds=60)
USUAL_SECONDS = 3600
ASKING = timedelta(seconds=25)
"""Longer than a request may take: after that whoever asked is dead."""
_ASKED_FOR = b""


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


def cached(
    session: Session, secret_keys: tuple[str, ...], account: Account, scopes: Collection[str]
) -> str | None:
    """The token that is kept for these scopes, if one is still good."""
    row = _row(session, account, scopes)
    if row is None or row.token == _ASKED_FOR or row.expires_at <= now():
        return None
    try:
        return unseal(secret_keys, row.token).decode()
    except SealBroken:  # sealed with a key that is gone: ask for another
        session.delete(row)
        session.flush()
        return None


def claim(session: Session, account: Account, scopes: Collection[str]) -> bool:
    """Whether the platform is ours to ask: no token is good, and nobody else is asking."""
    values = {"token": _ASKED_FOR, "expires_at": now() + ASKING}
    claimed = session.scalar(
        insert(ServiceToken)
        .values(registration_id=account.registration_id, scopes=_joined(scopes), **values)
        .on_conflict_do_update(
            index_elements=["registration_id", "scopes"],
            set_=values,
            where=ServiceToken.expires_at <= now(),
        )
        .returning(ServiceToken.scopes)
    )
    return claimed is not None


def release(session: Session, account: Account, scopes: Collection[str]) -> None:
    """The platform gave none: others may ask."""
    row = _row(session, account, scopes)
    if row is not None and row.token == _ASKED_FOR:
        session.delete(row)


def keep(
    session: Session,
    secret_keys: tuple[str, ...],
    account: Account,
    scopes: Collection[str],
    token: Token,
) -> None:
    """Keep a token for all workers until a minute before it ends."""
    values = {
        "token": seal(secret_keys, token.value.encode()),
        "expires_at": token.expires_at - SPARE,
    }
    session.execute(
        insert(ServiceToken)
        .values(registration_id=account.registration_id, scopes=_joined(scopes), **values)
        .on_conflict_do_update(index_elements=["registration_id", "scopes"], set_=values)
    )


def drop(
    session: Session,
    secret_keys: tuple[str, ...],
    account: Account,
    scopes: Collection[str],
    refused: str,
) -> None:
    """Forget this token, which the platform refused; not one that has come in its place."""
    row = _row(session, account, scopes)
    if row is not None and cached(session, secret_keys, account, scopes) == refused:
        session.delete(row)


def delete_expired(session: Session) -> None:
    session.execute(delete(ServiceToken).where(ServiceToken.expires_at < now()))


def request(client: Client, account: Account, key: SigningKey, scopes: Collection[str]) -> Token:
    """Ask the platform for a token. Waits on the network: no session is open meanwhile.

    Raises TokenRefused, Unreachable.
    """
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": key.sign(_assertion(account)),
        "scope": _joined(scopes),
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


def _row(session: Session, account: Account, scopes: Collection[str]) -> ServiceToken | None:
    return session.get(ServiceToken, (account.registration_id, _joined(scopes)))


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


def _joined(scopes: Collection[str]) -> str:
    return " ".join(sorted(scopes))
