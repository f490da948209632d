"""Access tokens, kept encrypted for all workers: asked for once an hour, by one of them.

A token per request runs into rate limits.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.connections import health
from app.extensions import transaction
from lti_config import keys
from lti_config.errors import Fault, SealBroken, Unreachable
from lti_config.http import Client
from lti_config.keys import SigningKey
from lti_config.sealing import seal, unseal
from lti_config.tokens import Account, Token, TokenRefused, joined, request
from models import ServiceToken, now

SPARE = timedelta(seconds=60)
ASKING = timedelta(seconds=25)
"""Longer than a request may take: after that whoever asked is dead."""
PATIENCE_SECONDS = 22.0
"""A little longer than the slowest token endpoint may take."""
LOOK_SECONDS = 0.1
_ASKED_FOR = b""


@dataclass(frozen=True)
class SharedTokens:
    """The tokens of one registration, for one errand. Each step of the database is its own."""

    account: Account
    client: Client
    secret_keys: tuple[str, ...]
    held: dict[tuple[str, ...], str] = field(default_factory=dict)
    """By scopes: not a look for each request."""

    def take(self, scopes: Collection[str]) -> str:
        """The token at hand, the one kept, or a new one. Raises TokenRefused, Unreachable."""
        wanted = tuple(sorted(scopes))
        if wanted not in self.held:
            self.held[wanted] = self._shared(wanted)
        return self.held[wanted]

    def drop(self, scopes: Collection[str], refused: str) -> None:
        """The platform refused this one: another is taken next."""
        with transaction() as session:
            forget(session, self.secret_keys, self.account, scopes, refused)
        self.held.clear()

    def _shared(self, scopes: Collection[str]) -> str:
        """Of all workers one asks the platform, the others wait for it."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            with transaction() as session:
                kept = cached(session, self.secret_keys, self.account, scopes)
                if kept:
                    return kept
                is_ours = claim(session, self.account, scopes)
                key = keys.signing_key(session, self.secret_keys) if is_ours else None
            if key:
                return self._asked(scopes, key)
            time.sleep(LOOK_SECONDS)
        raise Unreachable("no token: another worker is still asking the platform for one")

    def _asked(self, scopes: Collection[str], key: SigningKey) -> str:
        registration_id = self.account.registration_id
        try:
            token = request(self.client, self.account, key, scopes)
        except (TokenRefused, Unreachable) as error:
            with transaction() as session:
                release(session, self.account, scopes)
                health.note_error(session, registration_id, Fault.TOKEN, str(error))
            raise
        with transaction() as session:
            keep(session, self.secret_keys, self.account, scopes, token)
            health.note_token(session, registration_id)
        return token.value


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
        .values(registration_id=account.registration_id, scopes=joined(scopes), **values)
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
        .values(registration_id=account.registration_id, scopes=joined(scopes), **values)
        .on_conflict_do_update(index_elements=["registration_id", "scopes"], set_=values)
    )


def forget(
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


def _row(session: Session, account: Account, scopes: Collection[str]) -> ServiceToken | None:
    return session.get(ServiceToken, (account.registration_id, joined(scopes)))
