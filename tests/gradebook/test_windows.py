"""When an activity is open: at the edges, in the course's zone, and in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gradebook.windows import Phase, Window, for_teachers, in_words

AUCKLAND = ZoneInfo("Pacific/Auckland")
MOMENT = timedelta(microseconds=1)


def at(text: str, zone: ZoneInfo = AUCKLAND) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


WEEK = Window(at("2026-11-20T08:00"), at("2026-11-27T20:00"), at("2026-11-29T20:00"))


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        (WEEK.opens_at - MOMENT, Phase.BEFORE),
        (WEEK.opens_at, Phase.OPEN),
        (WEEK.due_at, Phase.OPEN),
        (WEEK.closes_at - MOMENT, Phase.OPEN),
        (WEEK.closes_at, Phase.CLOSED),
        (datetime(2026, 11, 29, 6, 59, 59, tzinfo=UTC), Phase.OPEN),
        (datetime(2026, 11, 29, 7, tzinfo=UTC), Phase.CLOSED),
    ],
)
def test_it_opens_at_its_moment_and_closes_just_before_its_end(
    moment: datetime, phase: Phase
) -> None:
    assert WEEK.phase(moment) is phase
    assert WEEK.holds(moment) is (phase is Phase.OPEN)


@given(st.datetimes(timezones=st.just(UTC)))
def test_without_dates_it_is_always_open(moment: datetime) -> None:
    assert Window().phase(moment) is Phase.OPEN
    assert in_words(Window(), UTC, moment) == ""


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (
            "2026-11-19T12:00",
            "Opens 20 November, 08:00. What you answer before then does not count.",
        ),
        ("2026-11-20T12:00", "Due 27 November, 20:00. Closes 29 November, 20:00."),
        ("2026-11-27T12:00", "Due today, 20:00. Closes 29 November, 20:00."),
        (
            "2026-11-27T20:00",
            "Was due today, 20:00; late answers still count. Closes 29 November, 20:00.",
        ),
        ("2026-11-29T20:00", "Closed today, 20:00. What you answer now does not count."),
        (
            "2027-02-01T00:00",
            "Closed 29 November 2026, 20:00. What you answer now does not count.",
        ),
    ],
)
def test_the_dates_are_said_in_the_courses_zone(moment: str, words: str) -> None:
    assert in_words(WEEK, AUCKLAND, at(moment)) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (
            "2026-11-19T12:00",
            "Opens 20 November, 08:00. Due 27 November, 20:00. Closes 29 November, 20:00.",
        ),
        (
            "2026-11-29T20:00",
            "Opened 20 November, 08:00. Was due 27 November, 20:00. Closed today, 20:00.",
        ),
    ],
)
def test_teachers_read_the_dates_alone(moment: str, words: str) -> None:
    assert for_teachers(WEEK, AUCKLAND, at(moment)) == words
    assert for_teachers(Window(), AUCKLAND, at(moment)) == ""
