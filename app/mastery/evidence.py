"""Says which answers count as evidence of mastery, and for how much.

An item's first answer of the day counts; later ones that day are practice. Help lowers what an
answer is worth. (The effect of hints is not measured in any data known to us: these are rules of
fairness, not findings.)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

SILENCE_AFTER_REVEAL = timedelta(hours=24)
MOST_FOR_A_HINTED_ANSWER = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was graded: `score` in [0, 1], hints taken, whether the answer was shown."""

    score: float
    hints: int = 0
    revealed: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What `irt.update` is told: the outcome in [0, 1], and whether help was taken."""

    outcome: float
    aided: bool


def counts(
    now: datetime,
    last_answer: datetime | None,
    last_reveal: datetime | None,
    zone: tzinfo,
) -> bool:
    """Whether this learner's answer to this item at `now` is evidence.

    `last_answer` and `last_reveal`: when the learner last answered the item and was last shown
    its answer (None: never), before this answer. All aware; days are those of the course's `zone`.
    """
    if last_reveal is not None and now - last_reveal < SILENCE_AFTER_REVEAL:
        return False
    if last_answer is None:
        return True
    return last_answer.astimezone(zone).date() != now.astimezone(zone).date()


def weigh(answer: Answer, plain_chance: float) -> Evidence:
    """What an answer that counts is worth; `plain_chance` is the prediction's, before it.

    Revealed: nothing. Hinted and right: at most what was expected anyway, so it never raises.
    Hinted and wrong: nothing. Alone: the score itself.
    """
    if answer.revealed:
        return Evidence(0.0, aided=False)
    if answer.hints and answer.score > 0.0:
        return Evidence(min(MOST_FOR_A_HINTED_ANSWER, plain_chance, answer.score), aided=True)
    return Evidence(answer.score, aided=False)
