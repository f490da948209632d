"""How the tool's signing keys follow each other, and are encrypted anew.

Security Framework 1.0 section 6: a new key is published before it is used, an old one stays
published until nothing that it signed is fresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_config import keys
from lti_config.errors import SealBroken
from lti_config.sealing import seal, unseal
from models import ToolKey, now

ANNOUNCED_FOR = timedelta(hours=24)
"""How long a new key is published before it signs: some platforms keep key sets for a day."""


class Sealed(StrEnum):
    """What a secret is encrypted with."""

    NEWEST = "newest"
    FORMER = "former"
    """A key that must stay in the list until it is encrypted anew."""
    LOST = "lost"
    """No key that we have."""


class KeyState(StrEnum):
    ANNOUNCED = "announced"
    """Published, and signs later."""
    SIGNING = "signing"
    RETIRING = "retiring"
    """Signs no more, and stays published until nothing that it signed counts."""


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
    keys.lock(session)
    moment = now()
    rows = session.scalars(select(ToolKey).where(keys.is_published(moment))).all()
    new = next((row for row in rows if row.signs_from > moment), None)
    is_new = new is None
    if new is None:
        new = keys.make(secret_keys)
        new.signs_from = moment + ANNOUNCED_FOR if rows else moment
        session.add(new)
    for row in rows:
        if row is not new:
            row.retired_at = row.retired_at or new.signs_from + keys.PUBLISHED_FOR
    is_former = any(_sealed_with(secret_keys, row.private_key) is not Sealed.NEWEST for row in rows)
    _seal_anew(rows, secret_keys)
    session.flush()
    return Rotation(new, is_new, is_former)


def replace_now(session: Session, secret_keys: tuple[str, ...]) -> ToolKey:
    """Drop every key, published or announced, and sign with a new one from this moment.

    For a key that is in wrong hands: what it signed is refused by every platform that asks for our
    key set again. Until a platform does so, an hour at most by what we allow, it refuses us too.
    """
    keys.lock(session)
    session.execute(delete(ToolKey))
    new = keys.make(secret_keys)
    session.add(new)
    session.flush()
    return new


def seal_anew(session: Session, secret_keys: tuple[str, ...]) -> None:
    """Encrypt all private parts with the newest secret key, no rotation. Raises SealBroken."""
    keys.lock(session)
    _seal_anew(session.scalars(select(ToolKey).where(keys.is_published(now()))).all(), secret_keys)
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
        select(ToolKey).where(keys.is_published(moment)).order_by(ToolKey.signs_from.desc())
    ).all()
    signing = next((row for row in rows if row.signs_from <= moment), None)
    return [
        Listed(row, _state(row, signing, moment), _sealed_with(secret_keys, row.private_key))
        for row in rows
    ]


def _state(row: ToolKey, signing: ToolKey | None, moment: datetime) -> KeyState:
    if row is signing:
        return KeyState.SIGNING
    return KeyState.ANNOUNCED if row.signs_from > moment else KeyState.RETIRING


def _sealed_with(secret_keys: tuple[str, ...], sealed: bytes) -> Sealed:
    """Which of the keys opens it."""
    for tried, answer in ((secret_keys[:1], Sealed.NEWEST), (secret_keys, Sealed.FORMER)):
        try:
            unseal(tried, sealed)
        except SealBroken:
            continue
        return answer
    return Sealed.LOST
