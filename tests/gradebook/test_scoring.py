"""Which score an activity earns."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gradebook.scoring import plain, score
from app.mastery.shown import ShownMastery
from models import ScorePolicy

BEST, LAST, AVERAGE, MASTERY = ScorePolicy

answers = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)])),
    max_size=20,
)
policies = st.sampled_from(list(ScorePolicy))
shown = (
    st.lists(st.floats(0, 1), min_size=3, max_size=3)
    .map(sorted)
    .map(lambda ends: ShownMastery(ends[1], ends[0], ends[2]))
)
masteries = st.lists(st.none() | shown, max_size=4)


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
        ([("a", 1), ("a", 0)], AVERAGE, 1, 10, "5"),
        ([("a", 1), ("a", 0), ("a", 0), ("b", 1)], AVERAGE, 2, 10, "6.66667"),
        ([("a", 1), ("a", 0), ("b", 1), ("c", 0)], AVERAGE, 2, 10, "7.5"),
        ([], AVERAGE, 5, 10, "0"),
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


@given(answers, policies, st.integers(1, 9), st.integers(1, 1000), masteries)
def test_a_score_lies_between_nothing_and_all_points_in_five_places(
    given_answers: list[tuple[int, Decimal]],
    policy: ScorePolicy,
    count: int,
    points: int,
    mastery: list[ShownMastery | None],
) -> None:
    result = score(
        given_answers,
        policy=policy,
        question_count=count,
        points=Decimal(points),
        mastery=mastery,
    )
    assert 0 <= result.given <= points
    assert result.given == round(result.given, 5)


@given(answers, st.integers(1, 6))
def test_the_average_lies_between_the_worst_and_the_best(
    given_answers: list[tuple[int, Decimal]], count: int
) -> None:
    def given_by(policy: ScorePolicy, answers: list[tuple[int, Decimal]]) -> Decimal:
        return score(answers, policy=policy, question_count=count, points=Decimal(10)).given

    worst = [(q, min(share for p, share in given_answers if p == q)) for q, _ in given_answers]
    assert given_by(BEST, worst) <= given_by(AVERAGE, given_answers)
    assert given_by(AVERAGE, given_answers) <= given_by(BEST, given_answers)


HALF, MOST = ShownMastery(0.5, 0.3, 0.7), ShownMastery(0.9, 0.8, 0.96)


@pytest.mark.parametrize(
    ("answered", "count", "mastery", "expected", "likely"),
    [
        (0, 2, [None, None], "0", ("0", "0")),
        (2, 2, [HALF], "5", ("3", "7")),
        (1, 2, [HALF], "2.5", ("1.5", "3.5")),  # half of the set is done
        (5, 2, [HALF], "5", ("3", "7")),  # more than the set is no more than all of it
        (2, 2, [HALF, MOST], "7", ("5.5", "8.3")),
        (2, 2, [MOST, None], "4.5", ("4", "4.8")),  # a concept not answered on counts as nothing
        (2, 2, [], "0", ("0", "0")),  # its concepts were deleted
    ],
)
def test_mastery_counts_as_it_is_shown_and_says_how_sure_it_is(
    answered: int,
    count: int,
    mastery: list[ShownMastery | None],
    expected: str,
    likely: tuple[str, str],
) -> None:
    result = score(
        [(number, Decimal(0)) for number in range(answered)],
        policy=MASTERY,
        question_count=count,
        points=Decimal(10),
        mastery=mastery,
    )
    assert result.given == Decimal(expected)
    assert result.likely == tuple(map(Decimal, likely))


@given(answers, st.integers(1, 6), masteries)
def test_a_score_by_mastery_lies_inside_its_interval(
    given_answers: list[tuple[int, Decimal]], count: int, mastery: list[ShownMastery | None]
) -> None:
    result = score(
        given_answers,
        policy=MASTERY,
        question_count=count,
        points=Decimal(10),
        mastery=mastery,
    )
    assert result.likely is not None
    assert result.likely[0] <= result.given <= result.likely[1]


@pytest.mark.parametrize("policy", [BEST, LAST, AVERAGE])
def test_what_is_counted_is_no_estimate(policy: ScorePolicy) -> None:
    result = score([("a", Decimal(1))], policy=policy, question_count=1, points=Decimal(1))
    assert result.likely is None


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
