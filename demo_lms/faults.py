"""Switches that make the platform misbehave on purpose, for trying and testing the tool.

They live in the store, so that a test in another process can set them by POST /faults as the
administrator, and a test in the same process by `set_faults(store, ags_down=True)`.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, fields, replace

from demo_lms.errors import Refusal
from demo_lms.store import Store


@dataclass(frozen=True)
class Faults:
    """All off by default; times in seconds."""

    ags_down: bool = False  # line items, scores and results answer 503
    ags_hang: int = 0  # … answer only after so many seconds
    nrps_down: bool = False
    token_down: bool = False
    jwks_down: bool = False
    clock_offset: int = 0  # the platform's clock is so much ahead (or behind, if negative)
    platform_storage: str = ""  # one of STORAGES: the frame that keeps texts for the tool


LIMIT = 86_400
FORWARDING_FRAME = "post_message_forwarding"
STORAGES = ("", "_parent", FORWARDING_FRAME)
"""No platform storage, in the page round the tool, or by a frame beside it, as Canvas does."""
NAMES = tuple(field.name for field in fields(Faults))


def get_faults(store: Store) -> Faults:
    return Faults(**store.note("faults", {}))


def set_faults(store: Store, **changes: bool | int | str) -> Faults:
    """Change the named switches and leave the others. Raises TypeError for an unknown name."""
    changed = replace(get_faults(store), **changes)  # type: ignore[arg-type]
    store.keep_note("faults", asdict(changed))
    return changed


def clear_faults(store: Store) -> None:
    store.keep_note("faults", {})


def fail_if(down: bool, what: str) -> None:
    """Raises the 503 of a service that is switched off."""
    if down:
        raise Refusal(503, "temporarily_unavailable", f"{what} switched off on the Faults page.")


def obey_ags_faults(store: Store) -> None:
    """Hang, then fail, as the switches say."""
    faults = get_faults(store)
    if faults.ags_hang:
        time.sleep(faults.ags_hang)
    fail_if(faults.ags_down, "Assignment and grade services are")
