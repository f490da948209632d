"""What a login hint or a picker's ticket is about besides its person: course, link to set up again,
or no course at all.

Kept here because neither a cookie nor the tool brings it along.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from demo_lms.store import Store


@dataclass(frozen=True)
class Visit:
    """`editing`: the link that the picker is to set up again; None adds new ones.

    `is_privacy`: no visit of a course, but of what the tool keeps of the person.
    """

    course: str = ""
    editing: str | None = None
    is_privacy: bool = False


def keep(store: Store, key: str, visit: Visit) -> None:
    """Nothing is kept of the usual visit: new links for the first course."""
    if visit == Visit():
        return
    with store.write() as db:
        db.execute("INSERT INTO visits VALUES (?, ?)", (key, json.dumps(asdict(visit))))


def of(store: Store, key: str) -> Visit:
    row = store.row("SELECT about FROM visits WHERE key = ?", key)
    return Visit(**json.loads(row["about"])) if row else Visit()
