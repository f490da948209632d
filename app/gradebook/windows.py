"""When an activity is open: pure, from its dates. What is answered outside does not count."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Protocol

from app.clock import dated


class Phase(StrEnum):
    """Where a moment lies."""

    BEFORE = "before"
    OPEN = "open"
    CLOSED = "closed"


class Dated(Protocol):
    """What has the dates of an activity."""

    @property
    def opens_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def closes_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens_at` on, until just before `closes_at`. After `due_at` it is late, and counts."""

    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None

    def phase(self, moment: datetime) -> Phase:
        if self.opens_at is not None and moment < self.opens_at:
            return Phase.BEFORE
        if self.closes_at is not None and moment >= self.closes_at:
            return Phase.CLOSED
        return Phase.OPEN

    def holds(self, moment: datetime) -> bool:
        """Whether what is answered at that moment counts."""
        return self.phase(moment) is Phase.OPEN

    def is_late(self, moment: datetime) -> bool:
        return self.due_at is not None and moment >= self.due_at


ALWAYS = Window()
"""Never closed, never late."""


def window_of(dated: Dated) -> Window:
    """The window of an activity."""
    return Window(dated.opens_at, dated.due_at, dated.closes_at)


def for_teachers(window: Window, zone: tzinfo, moment: datetime) -> str:
    """The dates alone, those that are past in the past."""
    dates = (
        (window.opens_at, "Opens", "Opened"),
        (window.due_at, "Due", "Was due"),
        (window.closes_at, "Closes", "Closed"),
    )
    said = [
        f"{future if at > moment else past} {dated(at, zone, moment)}."
        for at, future, past in dates
        if at is not None
    ]
    return " ".join(said)


def in_words(window: Window, zone: tzinfo, moment: datetime) -> str:
    """What a learner has to know of the dates now; "" where there are none."""
    if window.opens_at is not None and moment < window.opens_at:
        opens = dated(window.opens_at, zone, moment)
        return f"Opens {opens}. What you answer before then does not count."
    if window.closes_at is not None and moment >= window.closes_at:
        closed = dated(window.closes_at, zone, moment)
        return f"Closed {closed}. What you answer now does not count."
    parts = []
    if window.due_at is not None:
        due = dated(window.due_at, zone, moment)
        late = window.is_late(moment)
        parts.append(f"Was due {due}; late answers still count." if late else f"Due {due}.")
    if window.closes_at is not None:
        parts.append(f"Closes {dated(window.closes_at, zone, moment)}.")
    return " ".join(parts)
