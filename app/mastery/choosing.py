"""Orders the questions that may come next, and says why the first of them comes.

Not answered yet before answered, the longest unseen first; among equals the one whose chance of
success is nearest to .7, where answers teach most without discouraging.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

WANTED_CHANCE = 0.7
# Chances nearer to each other than this are the same; then the order differs between students.
STEP = 0.1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that may be asked: its id, the chance of success, when it was last answered."""

    item_id: str
    chance: float
    last_seen: datetime | None = None


def in_order(candidates: Iterable[Candidate], learner_id: str) -> list[Candidate]:
    """The candidates, best first; the same for the same learner, different for another."""

    def key(candidate: Candidate) -> tuple[float, int, str]:
        seen = candidate.last_seen.timestamp() if candidate.last_seen else float("-inf")
        distance = round(abs(candidate.chance - WANTED_CHANCE) / STEP)
        shuffled = hashlib.sha256(f"{learner_id}:{candidate.item_id}".encode()).hexdigest()
        return seen, distance, shuffled

    return sorted(candidates, key=key)


def reason(candidate: Candidate) -> str:
    """Why this question comes now, in one sentence for the learner."""
    if candidate.last_seen is None:
        if abs(candidate.chance - WANTED_CHANCE) <= 2 * STEP:
            return "Chosen because it is new to you and should be about right for you."
        return "Chosen because you have not seen it yet."
    return "Chosen because you have not seen it for the longest time."
