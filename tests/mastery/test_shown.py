"""The figure people see, and the bar of `mastered`."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mastery.irt import (
    NEW_LEARNER,
    NEW_LEARNER_ON_CONCEPT,
    Belief,
    ConceptView,
    Encounter,
    new_concept,
    new_item,
    sigmoid,
    update,
)
from app.mastery.shown import DEFAULT_BAR, Bar, Record, ShownMastery, is_mastered, level
from app.mastery.shown import shown_mastery as shown

beliefs = st.builds(Belief, st.floats(-4, 4), st.floats(0.001, 3))
ENOUGH = Record(items=5, unaided=3, days=2)


@given(beliefs, beliefs, beliefs)
def test_the_interval_holds_the_estimate(learner: Belief, mine: Belief, concept: Belief) -> None:
    figure = shown(learner, mine, concept)
    assert 0 <= figure.low <= figure.mean <= figure.high <= 1
    assert figure.confidence == figure.low


def test_the_figure_written_out_by_hand() -> None:
    figure = shown(Belief(0.3, 0.04), Belief(0.2, 0.04), Belief(-0.1, 0.01))
    assert figure.mean == pytest.approx(sigmoid(0.3 + 0.2 + 0.1 + 0.8))
    assert figure.low == pytest.approx(sigmoid(1.4 - 1.2815515655446004 * 0.3))


@pytest.mark.parametrize(
    ("figure", "record", "granted"),
    [
        (ShownMastery(0.85, 0.70, 0.95), ENOUGH, True),
        (ShownMastery(0.84, 0.75, 0.95), ENOUGH, False),
        (ShownMastery(0.90, 0.69, 0.95), ENOUGH, False),
        (ShownMastery(0.90, 0.75, 0.95), replace(ENOUGH, items=4), False),
        (ShownMastery(0.90, 0.75, 0.95), replace(ENOUGH, unaided=2), False),
        (ShownMastery(0.90, 0.75, 0.95), replace(ENOUGH, days=1), False),
    ],
)
def test_every_part_of_the_bar_has_to_be_reached(
    figure: ShownMastery, record: Record, granted: bool
) -> None:
    assert is_mastered(figure, record) is granted


def test_a_teacher_may_set_another_bar() -> None:
    figure = ShownMastery(0.7, 0.5, 0.9)
    assert not is_mastered(figure, ENOUGH)
    assert is_mastered(figure, ENOUGH, Bar(mean=0.6, low=0.4))


def test_levels_follow_the_answers() -> None:
    weak, strong = ShownMastery(0.5, 0.3, 0.7), ShownMastery(0.9, 0.8, 0.95)
    assert level(weak, Record(0, 0, 0)) == "not_started"
    assert level(weak, Record(1, 0, 1)) == "in_progress"
    assert level(strong, ENOUGH) == "mastered"
    assert level(weak, ENOUGH, before="mastered") == "in_progress"


def test_mastery_once_granted_is_not_taken_back_by_other_learners() -> None:
    weak = ShownMastery(0.5, 0.3, 0.7)
    assert level(weak, ENOUGH, DEFAULT_BAR, own_answer=False, before="mastered") == "mastered"


def answers_until_mastered(ability: float, seed: int) -> int:
    """Simulates a learner on a concept that others have answered before, one item a time."""
    draw = random.Random(seed)
    learner, mine, concept = NEW_LEARNER, NEW_LEARNER_ON_CONCEPT, Belief(new_concept().mean, 0.05)
    unaided = 0
    for n in range(1, 100):
        view = ConceptView(mine, concept, answers=n - 1, minutes_since=10 if n > 1 else None)
        right = draw.random() < sigmoid(ability + (0.8 if n > 1 else 0))
        step = update(Encounter(learner, Belief(0.0, 0.1), (view,)), float(right))
        learner, mine = step.learner, step.on_concepts[0]
        unaided += right
        if is_mastered(shown(learner, mine, concept), Record(n, unaided, 2)):
            return n
    return 100


def test_an_able_learner_masters_an_average_concept_in_about_ten_answers() -> None:
    lengths = sorted(answers_until_mastered(2.5, seed) for seed in range(200))
    assert 6 <= lengths[100] <= 12


def test_new_items_start_where_their_difficulty_says() -> None:
    assert new_item("advanced", options=4).mean < new_item("advanced").mean
