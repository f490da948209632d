"""Which answers count, and for how much."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mastery.evidence import Answer, counts, weigh

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("last_answer", "last_reveal", "expected"),
    [
        (None, None, True),
        (NOON - HOUR, None, False),
        (NOON - 24 * HOUR, None, True),
        (NOON - 24 * HOUR, NOON - 23 * HOUR, False),
        (NOON - 30 * HOUR, NOON - 25 * HOUR, True),
        (None, NOON - HOUR, False),
    ],
)
def test_the_first_answer_of_the_day_counts_unless_it_was_just_revealed(
    last_answer: datetime | None, last_reveal: datetime | None, expected: bool
) -> None:
    assert counts(NOON, last_answer, last_reveal, UTC) is expected


def test_days_are_the_courses_days() -> None:
    late, early = (
        datetime(2026, 3, 10, 23, 30, tzinfo=UTC),
        datetime(2026, 3, 11, 0, 30, tzinfo=UTC),
    )
    assert counts(early, late, None, UTC)
    assert not counts(early, late, None, ZoneInfo("America/New_York"))


@given(st.floats(0, 1), st.integers(0, 5), st.floats(0.001, 0.999))
def test_help_never_makes_an_answer_worth_more(score: float, hints: int, chance: float) -> None:
    alone = weigh(Answer(score), chance)
    helped = weigh(Answer(score, hints), chance)
    assert helped.outcome <= alone.outcome == score
    if hints and score:
        assert helped.aided and helped.outcome <= min(0.5, chance)


@given(st.floats(0, 1), st.integers(0, 5), st.floats(0.001, 0.999))
def test_a_revealed_answer_is_worth_nothing(score: float, hints: int, chance: float) -> None:
    assert weigh(Answer(score, hints, revealed=True), chance).outcome == 0


def test_hinted_and_wrong_is_wrong() -> None:
    evidence = weigh(Answer(0.0, hints=2), 0.6)
    assert evidence.outcome == 0 and not evidence.aided
