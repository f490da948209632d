"""The tool's own signing keys: RS256, encrypted at rest, published before they sign.

Security Framework 1.0 section 6: keys stand in a key set, each under its own `kid`; a new key is
published before it is used, an old one stays published until nothing that it signed is fresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from lti_config import pylti
from lti_config.sealing import Sealed, seal, sealed_with, unseal
from models import ToolKey, now

PUBLISHED_FOR = timedelta(hours=1)
"""How long a platform may keep our key set (max-age)."""
ANNOUNCED_FOR = timedelta(hours=24)
"""How long a new key is published before it signs: some platforms keep key sets for a day."""
_LOCK = 0x4C544B59  # any number of our own; the advisory lock of whoever makes a key


class KeyState(StrEnum):
    ANNOUNCED = "announced"
    """Published, and signs later."""
    SIGNING = "signing"
    RETIRING = "retiring"
    """Signs no more, and stays published until nothing that it signed counts."""


@dataclass(frozen=True)
class SigningKey:
    """A key that signs now, opened."""

    kid: str
    private_pem: bytes

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWT."""
        return jwt.encode(
            claims, _loaded(self.private_pem), algorithm="RS256", headers={"kid": self.kid}
        )


def signing_key(session: Session, secret_keys: tuple[str, ...]) -> SigningKey:
    """The key to sign with, made if there is none yet.

    Raises SealBroken if COURSELLM_SECRET_KEYS has lost the key that encrypted it.
    """
    row = _newest(session) or _make_first(session, secret_keys)
    return SigningKey(row.kid, unseal(secret_keys, row.private_key))


def published(session: Session, secret_keys: tuple[str, ...]) -> dict[str, Any]:
    """The tool's key set as platforms read it: what signs, what will, what did until lately."""
    _newest(session) or _make_first(session, secret_keys)
    rows = session.scalars(
        select(ToolKey.public_jwk).where(_is_published(now())).order_by(ToolKey.created_at)
    )
    return {"keys": list(rows)}


class Rotation(NamedTuple):
    """The key that signs next, and what was changed."""

    key: ToolKey
    is_new: bool
    is_sealed_anew: bool
    """Whether an older key was encrypted with a former secret key."""


def rotate(session: Session, secret_keys: tuple[str, ...]) -> Rotation:
    """Publish a new key that signs from tomorrow, when the ones before it retire.

    While a key is announced no other is: whoever asks twice, or with somebody else, gets that
    one. Private parts are sealed anew with the newest secret key each time, so that older ones
    can be dropped. Raises SealBroken.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    moment = now()
    rows = session.scalars(select(ToolKey).where(_is_published(moment))).all()
    new = next((row for row in rows if row.signs_from > moment), None)
    is_new = new is None
    if new is None:
        new = _make(secret_keys)
        new.signs_from = moment + ANNOUNCED_FOR if rows else moment
        session.add(new)
    for row in rows:
        if row is not new:
            row.retired_at = row.retired_at or new.signs_from + PUBLISHED_FOR
    is_former = any(sealed_with(secret_keys, row.private_key) is not Sealed.NEWEST for row in rows)
    _seal_anew(rows, secret_keys)
    session.flush()
    return Rotation(new, is_new, is_former)


def replace_now(session: Session, secret_keys: tuple[str, ...]) -> ToolKey:
    """Drop every key, published or announced, and sign with a new one from this moment.

    For a key that is in wrong hands: what it signed is refused by every platform that asks for our
    key set again. Until a platform does so, an hour at most by what we allow, it refuses us too.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    session.execute(delete(ToolKey))
    new = _make(secret_keys)
    session.add(new)
    session.flush()
    return new


def seal_anew(session: Session, secret_keys: tuple[str, ...]) -> None:
    """Encrypt all private parts with the newest secret key, no rotation. Raises SealBroken."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    _seal_anew(session.scalars(select(ToolKey).where(_is_published(now()))).all(), secret_keys)
    session.flush()


def _seal_anew(rows: Sequence[ToolKey], secret_keys: tuple[str, ...]) -> None:
    for row in rows:
        row.private_key = seal(secret_keys, unseal(secret_keys, row.private_key))


@dataclass(frozen=True)
class Listed:
    """A published key, what it does now, and what its private part is encrypted with."""

    key: ToolKey
    state: KeyState
    sealed: Sealed


def listed(session: Session, secret_keys: tuple[str, ...]) -> list[Listed]:
    """The keys that are published, the newest first."""
    moment = now()
    rows = session.scalars(
        select(ToolKey).where(_is_published(moment)).order_by(ToolKey.signs_from.desc())
    ).all()
    signing = next((row for row in rows if row.signs_from <= moment), None)
    return [
        Listed(row, _state(row, signing, moment), sealed_with(secret_keys, row.private_key))
        for row in rows
    ]


def _state(row: ToolKey, signing: ToolKey | None, moment: datetime) -> KeyState:
    if row is signing:
        return KeyState.SIGNING
    return KeyState.ANNOUNCED if row.signs_from > moment else KeyState.RETIRING


def delete_retired(session: Session) -> None:
    """Delete the keys that are published no more."""
    session.execute(delete(ToolKey).where(ToolKey.retired_at < now()))


def _is_published(moment: datetime) -> ColumnElement[bool]:
    return ToolKey.retired_at.is_(None) | (ToolKey.retired_at > moment)


def _newest(session: Session) -> ToolKey | None:
    return session.scalar(
        select(ToolKey)
        .where(ToolKey.signs_from <= now())
        .order_by(ToolKey.signs_from.desc())
        .limit(1)
    )


def _make_first(session: Session, secret_keys: tuple[str, ...]) -> ToolKey:
    """Two workers may ask at once: the second waits, and finds the first one's key."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    row = _newest(session)
    if row is None:
        row = _make(secret_keys)
        session.add(row)
        session.flush()
    return row


def _make(secret_keys: tuple[str, ...]) -> ToolKey:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public_pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    jwk = pylti.public_jwk(public_pem.decode())
    return ToolKey(
        kid=jwk["kid"], private_key=seal(secret_keys, pem), public_jwk=jwk, signs_from=now()
    )


@lru_cache(maxsize=4)
def _loaded(pem: bytes) -> RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, RSAPrivateKey)
    return key
