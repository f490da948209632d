"""Which score an activity earns."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gradebook.scoring import plain, score
from models import ScorePolicy

BEST, LAST = ScorePolicy.BEST, ScorePolicy.LAST

answers = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)])),
    max_size=20,
)
policies = st.sampled_from([BEST, LAST])


@pytest.mark.parametrize(
    ("given_answers", "policy", "count", "points", "expected"),
    [
        ([], BEST, 5, 10, "0"),
        ([("a", 1)], BEST, 5, 10, "2"),
        ([("a", 1), ("b", 0), ("c", 1)], BEST, 5, 10, "4"),
        ([("a", 0), ("a", 1)], BEST, 5, 10, "2"),
        ([("a", 1), ("a", 0)], BEST, 5, 10, "2"),
        ([("a", 1), ("a", 0)], LAST, 5, 10, "0"),
        ([("a", 0), ("a", 1)], LAST, 5, 10, "2"),
        ([("a", 1), ("b", 1), ("c", 0), ("d", 1)], BEST, 3, 10, "10"),
        ([("a", 1)], BEST, 3, 10, "3.33333"),
        ([("a", 1), ("b", 1)], BEST, 3, 10, "6.66667"),
        ([("a", "0.5")], BEST, 1, 1, "0.5"),
    ],
)
def test_the_best_questions_of_the_set_make_the_score(
    given_answers: list[tuple[str, object]],
    policy: ScorePolicy,
    count: int,
    points: int,
    expected: str,
) -> None:
    shares = [(question, Decimal(str(share))) for question, share in given_answers]
    result = score(shares, policy=policy, question_count=count, points=Decimal(points))
    assert result.given == Decimal(expected)
    assert result.maximum == points


def test_the_set_is_complete_once_enough_questions_have_an_answer() -> None:
    shares = [("a", Decimal(0)), ("a", Decimal(1)), ("b", Decimal(0))]
    two = score(shares, policy=BEST, question_count=2, points=Decimal(1))
    three = score(shares, policy=BEST, question_count=3, points=Decimal(1))
    assert (two.answered, two.is_complete) == (2, True)
    assert (three.answered, three.is_complete) == (2, False)


@given(answers, st.tuples(st.integers(0, 6), st.just(Decimal(0))), st.integers(1, 6))
def test_more_practice_never_lowers_the_best_score(
    before: list[tuple[int, Decimal]], more: tuple[int, Decimal], count: int
) -> None:
    points = Decimal(10)
    first = score(before, policy=BEST, question_count=count, points=points)
    second = score([*before, more], policy=BEST, question_count=count, points=points)
    assert second.given >= first.given
    assert second.is_complete or not first.is_complete


@given(answers, policies, st.integers(1, 9), st.integers(1, 1000))
def test_a_score_lies_between_nothing_and_all_points_in_five_places(
    given_answers: list[tuple[int, Decimal]], policy: ScorePolicy, count: int, points: int
) -> None:
    result = score(given_answers, policy=policy, question_count=count, points=Decimal(points))
    assert 0 <= result.given <= points
    assert result.given == round(result.given, 5)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("6.00000", 5, "6"),
        ("6.50", 5, "6.5"),
        ("6.66667", 2, "6.67"),
        ("100", 5, "100"),
        ("0", 2, "0"),
    ],
)
def test_scores_are_written_as_people_write_them(value: str, places: int, text: str) -> None:
    assert plain(Decimal(value), places) == text
