"""Key sets of platforms: kept for all workers, asked for again in time, old keys kept in trouble.

Security Framework 1.0 section 6.3. `obtain` works in steps, so that no transaction waits on the
network: `choose` says whether to ask, `claim` who does, `keep` stores.
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.extensions import transaction
from lti_config import keysets
from lti_config.errors import Fault, LaunchRefused, Unreachable
from lti_config.http import Client
from lti_config.keysets import Fetched, Keys
from models import CachedKeySet, now

log = logging.getLogger("coursellm.lti")

REFETCH = timedelta(minutes=1)
"""How often at most we ask because of an unknown `kid`, or again after a failure."""
GRACE = timedelta(hours=24)
"""How long keys still count whose platform can't be asked."""

SOON = timedelta(seconds=5)
"""How long a launch waits for another one that is just asking."""

_NEVER = datetime.fromtimestamp(0, UTC)

NOT_ANSWERING = (
    "Your course's system does not answer, so this sign-in can't be verified right now. "
    "Please open the link again in a minute."
)


@dataclass(frozen=True)
class Choice:
    """The keys at hand, and whether the platform should be asked first."""

    keys: Keys
    ask: bool
    is_unknown: bool = False
    """Whether no key at hand has the token's `kid`."""


def obtain(kept: CachedKeySet | None, url: str, kid: object, client: Client) -> Keys:
    """The keys to hold a token against, asked for first where that is due.

    Raises LaunchRefused (503) if there are none to go by.
    """
    choice = choose(kept, kid, now())
    if not choice.ask:
        return choice.keys
    with transaction() as session:
        is_ours = claim(session, url, kept)
    if not is_ours:
        return _await_other(choice, url, kid)
    try:
        fetched = keysets.fetch(client, url)
    except Unreachable as error:
        log.warning("key set %s could not be fetched: %s", url, error)
        if choice.keys and not choice.is_unknown:
            return choice.keys
        with transaction() as session:
            _give_up(session, url)
        reason = f"key set {url}: {error}"
        raise LaunchRefused(503, NOT_ANSWERING, reason, Fault.KEY_SET) from error
    with transaction() as session:
        keep(session, url, fetched)
    return fetched.keys


def _await_other(choice: Choice, url: str, kid: object) -> Keys:
    """Another launch is asking this moment: its answer may hold the key that we miss."""
    if choice.keys and not choice.is_unknown:
        return choice.keys
    deadline = time.monotonic() + SOON.total_seconds()
    while True:
        with transaction() as session:
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
