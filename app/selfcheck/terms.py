"""The terms of the check: what is known of a connection, and what is found about each part."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How a part does: by the signs of the look."""

    GOOD = "yes"
    LOOK = "near"
    OFF = "no"
    BAD = "bad"


_WORDS = {
    Verdict.GOOD: "Works",
    Verdict.LOOK: "Needs a look",
    Verdict.OFF: "Not there",
    Verdict.BAD: "Does not work",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the connection. `todo`: what to do about it; `detail`: what the LMS said.

    `sign`: what the verdict is called, where the usual word does not fit.
    """

    title: str
    verdict: Verdict
    words: str
    todo: str = ""
    detail: str = ""
    key: str = ""
    sign: str = ""

    @property
    def label(self) -> str:
        return self.sign or _WORDS[self.verdict]


@dataclass(frozen=True, slots=True)
class Connection:
    """What is known here of the connection that a session came by."""

    platform: str
    issuer: str
    client_id: str
    deployment: str
    course: str
    frame_sources: str
    keys_fetched_at: datetime | None
    keys_expire_at: datetime | None
    memberships_url: str | None
    line_items_url: str | None
    ags_scopes: tuple[str, ...]
    facts: Mapping[str, Any]
