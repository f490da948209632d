"""Turns beliefs into the figure that people see, and says when a concept counts as mastered.

Prediction is for choosing items; the figure shown has to be stable and fair, so it leaves out how
often this item was seen and how long ago: time alone changes nothing.
"""

import math
from dataclasses import dataclass
from typing import Literal

from app.mastery.irt import REPEATED_CONCEPT, Belief, sigmoid

Z_OF_80_PERCENT = 1.2815515655446004

Level = Literal["not_started", "in_progress", "mastered"]


@dataclass(frozen=True, slots=True)
class ShownMastery:
    """Mastery of a concept as a share in (0, 1), with its 80 % interval."""

    mean: float
    low: float
    high: float

    @property
    def confidence(self) -> float:
        """The lower bound: what `StudentProgress.confidence_score` holds."""
        return self.low


@dataclass(frozen=True, slots=True)
class Bar:
    """What has to be reached for `mastered`. A teacher may set another one."""

    mean: float = 0.85
    low: float = 0.7
    items: int = 5
    unaided: int = 3
    days: int = 2


@dataclass(frozen=True, slots=True)
class Record:
    """What a learner has done on a concept, counting only answers that were evidence.

    `items`: different items answered; `unaided`: different items answered right without help;
    `days`: days of the course on which that happened.
    """

    items: int
    unaided: int
    days: int


DEFAULT_BAR = Bar()


def shown_mastery(learner: Belief, on_concept: Belief, concept: Belief) -> ShownMastery:
    """The chance of a right answer to the concept's average item, met for the second time."""
    mean = learner.mean + on_concept.mean - concept.mean + REPEATED_CONCEPT
    spread = math.sqrt(learner.variance + on_concept.variance + concept.variance)
    reach = Z_OF_80_PERCENT * spread
    return ShownMastery(sigmoid(mean), sigmoid(mean - reach), sigmoid(mean + reach))


def is_mastered(shown: ShownMastery, record: Record, bar: Bar = DEFAULT_BAR) -> bool:
    """Whether the bar is reached now. That it once was is the caller's to keep."""
    return (
        shown.mean >= bar.mean
        and shown.low >= bar.low
        and record.items >= bar.items
        and record.unaided >= bar.unaided
        and record.days >= bar.days
    )


def level(
    shown: ShownMastery,
    record: Record,
    bar: Bar = DEFAULT_BAR,
    *,
    own_answer: bool = True,
    before: Level = "not_started",
) -> Level:
    """The level after an answer; values as in `StudentProgress.mastery_level`.

    Not the learner's `own_answer` (somebody else's moved the concept): what was granted stays.
    """
    if before == "mastered" and not own_answer:
        return "mastered"
    if is_mastered(shown, record, bar):
        return "mastered"
    return "in_progress" if record.items or before != "not_started" else "not_started"
