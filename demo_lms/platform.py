"""The platform as one value: settings, store, own key, the tool's keys and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from joserfc.jwk import RSAKey

from demo_lms import links
from demo_lms.faults import get_faults
from demo_lms.keys import load_key
from demo_lms.settings import Settings
from demo_lms.store import Store
from demo_lms.tool_keys import FetchJson, ToolKeys, fetch_json


@dataclass(frozen=True)
class Platform:
    """What every function here takes first. Safe to share between threads."""

    settings: Settings
    store: Store
    key: RSAKey
    tool_keys: ToolKeys
    clock: Callable[[], float]
    first: Settings | None = None
    """Those of the built-in course, while this is another (courses.at)."""

    @property
    def home(self) -> Settings:
        return self.first or self.settings

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        fetch: FetchJson = fetch_json,
        clock: Callable[[], float] = time.time,
    ) -> Platform:
        """Open the folder, making key, database and first link if need be.

        `fetch(url)` reads the tool's key set: a test may hand in one that asks the tool's test
        client. `clock()` gives seconds since 1970.
        """
        settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        store = Store(settings.folder / "demo_lms.sqlite3")
        links.place_first_link(store)
        key = load_key(settings.folder)
        return cls(settings, store, key, ToolKeys(settings.tool_jwks_url, fetch, clock), clock)

    def now(self) -> int:
        """The platform's time in whole seconds, wrong by as much as the clock fault says."""
        return int(self.clock()) + get_faults(self.store).clock_offset
