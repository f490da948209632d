"""Key sets of platforms: kept for all workers, asked for again in time, old keys kept in trouble.

Security Framework 1.0 section 6.3. `obtain` works in steps, so that no transaction waits on the
network: `choose` says whether to ask, `claim` who does, `fetch` asks, `keep` stores.
"""

import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_config.errors import AddressRefused, Fault, LaunchRefused, Unreachable
from lti_config.http import Client
from lti_config.steps import Steps
from lti_config.texts import is_identifier
from models import CachedKeySet, now

log = logging.getLogger("coursellm.lti")

SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24)
REFETCH = timedelta(minutes=1)
"""How often at most we ask because of an unknown `kid`, or again after a failure."""
GRACE = timedelta(hours=24)
"""How long keys still count whose platform can't be asked."""

SOON = timedelta(seconds=5)
"""How long a launch waits for another one that is just asking."""
RSA_BITS = range(2048, 8193)
"""Weaker keys prove nothing, larger ones only cost time."""

_NEVER = datetime.fromtimestamp(0, UTC)

Keys = Sequence[dict[str, Any]]
_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d{1,9})")


NOT_ANSWERING = (
    "Your course's system does not answer, so this sign-in can't be verified right now. "
    "Please open the link again in a minute."
)


@dataclass(frozen=True)
class Fetched:
    keys: list[dict[str, Any]]
    life: timedelta


@dataclass(frozen=True)
class Choice:
    """The keys at hand, and whether the platform should be asked first."""

    keys: Keys
    ask: bool
    is_unknown: bool = False
    """Whether no key at hand has the token's `kid`."""


def obtain(
    kept: CachedKeySet | None, url: str, kid: object, *, steps: Steps, client: Client
) -> Keys:
    """The keys to hold a token against, asked for first where that is due.

    Raises LaunchRefused (503) if there are none to go by.
    """
    choice = choose(kept, kid, now())
    if not choice.ask:
        return choice.keys
    with steps() as session:
        is_ours = claim(session, url, kept)
    if not is_ours:
        return _await_other(choice, url, kid, steps)
    try:
        fetched = fetch(client, url)
    except Unreachable as error:
        log.warning("key set %s could not be fetched: %s", url, error)
        if choice.keys and not choice.is_unknown:
            return choice.keys
        with steps() as session:
            _give_up(session, url)
        reason = f"key set {url}: {error}"
        raise LaunchRefused(503, NOT_ANSWERING, reason, Fault.KEY_SET) from error
    with steps() as session:
        keep(session, url, fetched)
    return fetched.keys


def _await_other(choice: Choice, url: str, kid: object, steps: Steps) -> Keys:
    """Another launch is asking this moment: its answer may hold the key that we miss."""
    if choice.keys and not choice.is_unknown:
        return choice.keys
    deadline = time.monotonic() + SOON.total_seconds()
    while True:
        with steps() as session:
            kept = load(session, url)
        counts = kept is not None and now() < kept.expires_at + GRACE
        if kept and counts and (has(kept.keys, kid) or not _is_asking(kept)):
            return kept.keys
        if not (kept and _is_asking(kept)) or time.monotonic() > deadline:
            reason = f"key set {url}: not answered lately"
            raise LaunchRefused(503, NOT_ANSWERING, reason, Fault.KEY_SET)
        time.sleep(0.1)


def choose(kept: CachedKeySet | None, kid: object, moment: datetime) -> Choice:
    """Which keys to hold a token with this `kid` against, and whether to ask before."""
    if kept is None or kept.expires_at + GRACE <= moment:
        return Choice((), ask=True)
    is_unknown = not has(kept.keys, kid)
    is_due = is_unknown or kept.expires_at <= moment
    may_ask = kept.refetched_at is None or kept.refetched_at <= moment - REFETCH
    return Choice(kept.keys, is_due and (may_ask or _is_asking(kept)), is_unknown)


def has(keys: Keys, kid: object) -> bool:
    return any(key["kid"] == kid for key in keys)


def claim(session: Session, url: str, kept: CachedKeySet | None) -> bool:
    """Whether the caller is the one to ask now: one in a minute is, over all workers, unless an
    answer came since the caller looked and found `kept`.

    Of the launches that meet a platform for the first time one is, too: it puts an empty set there.
    """
    moment, asked_at = now(), CachedKeySet.refetched_at
    seen = kept.fetched_at if kept else _NEVER
    won = session.execute(
        insert(CachedKeySet)
        .values(url=url, keys=[], fetched_at=_NEVER, expires_at=_NEVER, refetched_at=moment)
        .on_conflict_do_update(
            index_elements=["url"],
            set_={"refetched_at": moment},
            where=(CachedKeySet.fetched_at == seen)
            & (asked_at.is_(None) | (asked_at <= moment - REFETCH)),
        )
        .returning(CachedKeySet.url)
    ).all()
    return bool(won)


def _give_up(session: Session, url: str) -> None:
    """Without an answer the empty set goes: the next launch may ask at once."""
    session.execute(
        delete(CachedKeySet).where(CachedKeySet.url == url, CachedKeySet.fetched_at == _NEVER)
    )


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


def keep(session: Session, url: str, fetched: Fetched) -> None:
    """Make this the platform's key set for all workers. The first is no asking again."""
    moment = now()
    values = {"keys": fetched.keys, "fetched_at": moment, "expires_at": moment + fetched.life}
    is_first = CachedKeySet.fetched_at == _NEVER
    asked_at = case((is_first, None), else_=CachedKeySet.refetched_at)
    session.execute(
        insert(CachedKeySet)
        .values(url=url, **values)
        .on_conflict_do_update(index_elements=["url"], set_={**values, "refetched_at": asked_at})
    )


def load(session: Session, url: str) -> CachedKeySet | None:
    return session.scalar(select(CachedKeySet).where(CachedKeySet.url == url))


def _is_asking(kept: CachedKeySet) -> bool:
    """Whether somebody began to ask just now and has not got an answer."""
    began = kept.refetched_at
    return began is not None and kept.fetched_at < began and now() - SOON < began


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
