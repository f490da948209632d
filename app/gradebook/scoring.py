"""Which score an activity earns: pure arithmetic from a learner's answers to its questions."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.mastery.shown import ShownMastery
from models import ScorePolicy

PLACES = Decimal("0.00001")
"""As many as a gradebook keeps (Moodle: five)."""

Answers = Iterable[tuple[Hashable, Decimal]]
"""Question and share (0 to 1) in the order in which they were given."""


@dataclass(frozen=True, slots=True)
class Score:
    """`given` of `maximum` points; `answered` of the set's questions have an answer.

    `likely`: between which points it lies, where the score is itself an estimate.
    """

    given: Decimal
    maximum: Decimal
    answered: int
    is_complete: bool
    likely: tuple[Decimal, Decimal] | None = None


def score(
    answers: Answers,
    *,
    policy: ScorePolicy,
    question_count: int,
    points: Decimal,
    mastery: Sequence[ShownMastery | None] = (),
) -> Score:
    """The score for `answers`.

    Best, last, average: of each question the best share counts, the last one, or the average of
    all; of the questions the best `question_count`. So under `best` more practice never lowers it.

    Mastery: points x (questions answered / question_count, at most 1) x the average over the
    set's concepts of the mastery shown to the learner (the estimate; one not answered on counts
    as 0). `mastery` holds it by concept, None for one without an answer. Since it is an estimate,
    `likely` gives the same with the ends of the 80 % intervals.
    """
    shares = _shares(answers, policy)
    answered = min(len(shares), question_count)
    if policy is ScorePolicy.MASTERY:
        done = Decimal(answered) / question_count
        parts = [done * average for average in _averages(mastery)]
    else:
        best = sorted(shares.values(), reverse=True)[:question_count]
        parts = [sum(best, Decimal(0)) / question_count]
    given, *ends = [(points * part).quantize(PLACES, ROUND_HALF_UP) for part in parts]
    return Score(
        given=given,
        maximum=points,
        answered=answered,
        is_complete=len(shares) >= question_count,
        likely=(ends[0], ends[1]) if ends else None,
    )


def _shares(answers: Answers, policy: ScorePolicy) -> dict[Hashable, Decimal]:
    """What each question counts for."""
    by_question: dict[Hashable, list[Decimal]] = {}
    for question, share in answers:
        by_question.setdefault(question, []).append(share)
    return {question: _counted(shares, policy) for question, shares in by_question.items()}


def _counted(shares: Sequence[Decimal], policy: ScorePolicy) -> Decimal:
    if policy is ScorePolicy.LAST:
        return shares[-1]
    if policy is ScorePolicy.AVERAGE:
        return sum(shares, Decimal(0)) / len(shares)
    return max(shares)


def _averages(mastery: Sequence[ShownMastery | None]) -> list[Decimal]:
    """Over the concepts: of the estimates, of the lower ends, of the upper ends."""
    known = [shown for shown in mastery if shown is not None]
    sums = (
        sum(Decimal(shown.mean) for shown in known),
        sum(Decimal(shown.low) for shown in known),
        sum(Decimal(shown.high) for shown in known),
    )
    return [Decimal(total) / max(1, len(mastery)) for total in sums]


def plain(value: Decimal, places: int = 5) -> str:
    """A score as people write it: 6, 6.5, 6.67."""
    rounded = round(value, places).normalize()
    return f"{rounded:f}"
