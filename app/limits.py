"""How often something may be done.

Counted in the database, where all workers count together; or by each worker alone, where a row
would make a whole class wait for one another.
"""

import ipaddress
import time
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import RateCounter, now

KEPT = timedelta(days=1)
_IPV6_HOME = 64
"""What one subscriber is given: the rest of an address they choose themselves."""


class Burst:
    """Uses of a key in this worker's present window. Old windows are forgotten whole."""

    def __init__(self, *, most: int, seconds: int) -> None:
        self.most = most
        self._seconds = seconds
        self._window = 0
        self._counts: Counter[str] = Counter()

    def take(self, key: str) -> bool:
        """Count one use; whether it is one of the first so many of the window."""
        window = int(time.monotonic() / self._seconds)
        if window != self._window:  # two threads may both begin it: a few uses are lost then
            self._window, self._counts = window, Counter()
        self._counts[key] += 1
        return self._counts[key] <= self.most


def network_of(peer: str, forwarded: str = "") -> str:
    """The address that counts as one sender; `forwarded` is believed of a proxy beside us."""
    address = _parsed(peer)
    if address is not None and address.is_private:
        address = _parsed(forwarded) or address
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_HOME), strict=False))
    return str(address or peer)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def take(session: Session, key: str, *, most: int, window: timedelta) -> bool:
    """Count one use of `key`; whether it is one of the first `most` in its window."""
    seconds = window.total_seconds()
    moment = now()
    start = datetime.fromtimestamp(moment.timestamp() // seconds * seconds, moment.tzinfo)
    count = session.scalar(
        insert(RateCounter)
        .values(key=key, window_start=start, count=1)
        .on_conflict_do_update(
            index_elements=["key", "window_start"], set_={"count": RateCounter.count + 1}
        )
        .returning(RateCounter.count)
    )
    return (count or 0) <= most


def delete_old(session: Session) -> None:
    """Forget windows that are over."""
    session.execute(delete(RateCounter).where(RateCounter.window_start < now() - KEPT))
