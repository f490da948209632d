"""The tool's own signing keys: RS256, encrypted at rest, published before they sign.

Security Framework 1.0 section 6: keys stand in a key set, each under its own `kid`. Which one
signs, and which are published, their rows say. The first one is made here, where none is yet;
those that follow, and what is retired, `app.admin.rotation` writes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from lti_config import pylti
from lti_config.sealing import seal, unseal
from models import ToolKey, now

PUBLISHED_FOR = timedelta(hours=1)
"""How long a platform may keep our key set (max-age)."""
_LOCK = 0x4C544B59  # any number of our own; the advisory lock of whoever makes a key


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
        select(ToolKey.public_jwk).where(is_published(now())).order_by(ToolKey.created_at)
    )
    return {"keys": list(rows)}


def delete_retired(session: Session) -> None:
    """Delete the keys that are published no more."""
    session.execute(delete(ToolKey).where(ToolKey.retired_at < now()))


def is_published(moment: datetime) -> ColumnElement[bool]:
    """Of a key that stands in the key set at this moment."""
    return ToolKey.retired_at.is_(None) | (ToolKey.retired_at > moment)


def _newest(session: Session) -> ToolKey | None:
    return session.scalar(
        select(ToolKey)
        .where(ToolKey.signs_from <= now())
        .order_by(ToolKey.signs_from.desc())
        .limit(1)
    )


def lock(session: Session) -> None:
    """Of all who make or change keys one at a time does."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _make_first(session: Session, secret_keys: tuple[str, ...]) -> ToolKey:
    """Two workers may ask at once: the second waits, and finds the first one's key."""
    lock(session)
    row = _newest(session)
    if row is None:
        row = make(secret_keys)
        session.add(row)
        session.flush()
    return row


def make(secret_keys: tuple[str, ...]) -> ToolKey:
    """A new key that signs from now on, yet to be added."""
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
