"""Which score an activity earns: pure arithmetic from a learner's answers to its questions."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from models import ScorePolicy

PLACES = Decimal("0.00001")
"""As many as a gradebook keeps (Moodle: five)."""


@dataclass(frozen=True, slots=True)
class Score:
    """`given` of `maximum` points; `answered` of the set's questions have an answer."""

    given: Decimal
    maximum: Decimal
    answered: int
    is_complete: bool


def score(
    answers: Iterable[tuple[Hashable, Decimal]],
    *,
    policy: ScorePolicy,
    question_count: int,
    points: Decimal,
) -> Score:
    """The score for `answers`: question and share (0 to 1) in the order they were given.

    Of each question the best or the last share counts, by the policy; of the questions the best
    `question_count`. So under `best` more practice never lowers it.
    """
    counted: dict[Hashable, Decimal] = {}
    for question, share in answers:
        earlier = counted.get(question)
        is_better = earlier is None or share > earlier
        counted[question] = share if is_better or policy is ScorePolicy.LAST else earlier or share
    best = sorted(counted.values(), reverse=True)[:question_count]
    given = points * sum(best, Decimal(0)) / question_count
    return Score(
        given=given.quantize(PLACES, ROUND_HALF_UP),
        maximum=points,
        answered=min(len(counted), question_count),
        is_complete=len(counted) >= question_count,
    )


def plain(value: Decimal, places: int = 5) -> str:
    """A score as people write it: 6, 6.5, 6.67."""
    rounded = round(value, places).normalize()
    return f"{rounded:f}"
