"""The learner model against its formulas (by table) and its promises (by property)."""

import math

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
    predict,
    sigmoid,
    update,
)
from app.mastery.shown import shown_mastery

means = st.floats(-4, 4)
variances = st.floats(0.001, 3)
beliefs = st.builds(Belief, means, variances)
views = st.builds(
    ConceptView,
    learner=beliefs,
    concept=beliefs,
    answers=st.integers(0, 50),
    minutes_since=st.none() | st.floats(0, 1e6),
)
encounters = st.builds(
    Encounter,
    learner=beliefs,
    item=beliefs,
    concepts=st.lists(views, min_size=1, max_size=4).map(tuple),
    successes=st.integers(0, 20),
    failures=st.integers(0, 20),
)


def first_meeting() -> Encounter:
    view = ConceptView(NEW_LEARNER_ON_CONCEPT, new_concept())
    return Encounter(NEW_LEARNER, new_item(), (view,))


def shown_after(
    before: Encounter, outcome: float, aided: bool = False
) -> list[tuple[float, float]]:
    """Shown mean and lower bound of every concept after the answer, less those before it."""
    after = update(before, outcome, aided=aided)
    changes = []
    for view, mine, concept in zip(before.concepts, after.on_concepts, after.concepts, strict=True):
        old = shown_mastery(before.learner, view.learner, view.concept)
        new = shown_mastery(after.learner, mine, concept)
        changes.append((new.mean - old.mean, new.low - old.low))
    return changes


def test_first_prediction_is_even_and_its_variance_is_the_sum() -> None:
    p = predict(first_meeting())
    assert p.logit == 0 and p.chance == p.plain_chance == 0.5
    assert p.variance == pytest.approx(0.7 + 1 + 0.3 + 1)


def test_prediction_written_out_by_hand() -> None:
    views = (
        ConceptView(Belief(0.2, 0.3), Belief(-0.4, 0.5), answers=3, minutes_since=60),
        ConceptView(Belief(-0.1, 0.2), Belief(0.3, 0.6), answers=1, minutes_since=1440),
    )
    e = Encounter(Belief(0.5, 0.7), Belief(0.1, 0.9), views, successes=2, failures=1)
    m = 0.5 + (0.2 - 0.1) / 2 - 0.1 - (-0.4 + 0.3) / 2
    m += 0.8 + math.log(3) + 0.5 * math.log(2) - 0.15 * math.log(1441)
    v = 0.7 + 0.9 + (0.3 + 0.5 + 0.2 + 0.6) / 4
    p = predict(e)
    assert p.logit == pytest.approx(m)
    assert p.variance == pytest.approx(v)
    assert p.chance == pytest.approx(sigmoid(m / math.sqrt(1 + math.pi * v / 8)))


def test_update_written_out_by_hand() -> None:
    after = update(first_meeting(), 1.0)
    noise, spread = 4.0, 7.0
    assert after.learner.mean == pytest.approx(0.7 / spread * 0.5 * noise)
    assert after.learner.variance == pytest.approx(0.7 - 0.49 / spread + 0.005)
    assert after.on_concepts[0].mean == pytest.approx(0.3 / spread * 0.5 * noise + 0.02)
    assert after.on_concepts[0].variance == pytest.approx(0.3 - 0.09 / spread + 0.03)
    assert after.item.mean == pytest.approx(-1 / spread * 0.5 * noise)
    assert after.concepts[0].variance == pytest.approx(1 - 1 / spread)


def test_concept_never_answered_has_no_memory_terms() -> None:
    fresh = ConceptView(NEW_LEARNER_ON_CONCEPT, new_concept())
    known = ConceptView(NEW_LEARNER_ON_CONCEPT, new_concept(), answers=4, minutes_since=5000)
    assert predict(Encounter(NEW_LEARNER, new_item(), (fresh, known))).logit == 0


def test_items_that_can_be_guessed_start_easier() -> None:
    free, four, two = new_item(), new_item(options=4), new_item(options=2)
    assert two.mean < four.mean < free.mean == 0
    assert new_item("beginner").mean < new_item("expert").mean


def test_expected_share_is_what_a_newcomer_is_predicted() -> None:
    view = ConceptView(NEW_LEARNER_ON_CONCEPT, new_concept(0.8))
    encounter = Encounter(NEW_LEARNER, new_item(), (view,))
    assert predict(encounter).plain_chance == pytest.approx(0.8)


def test_items_need_a_concept_and_outcomes_a_range() -> None:
    with pytest.raises(ValueError):
        Encounter(NEW_LEARNER, new_item(), ())
    with pytest.raises(ValueError):
        update(first_meeting(), 1.5)


@given(encounters)
def test_an_unaided_right_answer_never_lowers_what_is_shown(encounter: Encounter) -> None:
    assert all(mean >= -1e-12 for mean, _ in shown_after(encounter, 1.0))


@given(encounters, st.floats(0, 1))
def test_a_wrong_or_poorer_than_expected_answer_never_raises_what_is_shown(
    encounter: Encounter, part: float
) -> None:
    poorer = part * min(predict(encounter).plain_chance, 0.49)
    assert all(mean <= 1e-12 for mean, _ in shown_after(encounter, poorer))


@given(encounters)
def test_a_hinted_right_answer_raises_neither_the_figure_nor_its_lower_bound(
    encounter: Encounter,
) -> None:
    outcome = min(0.5, predict(encounter).plain_chance)
    for mean, low in shown_after(encounter, outcome, aided=True):
        assert mean <= 1e-12 and low <= 1e-12


@given(encounters, st.floats(0, 1))
def test_chances_stay_chances_and_variances_stay_positive(e: Encounter, outcome: float) -> None:
    assert 0 <= predict(e).chance <= 1
    after = update(e, outcome)
    for belief in (after.learner, after.item, *after.on_concepts, *after.concepts):
        assert belief.variance > 0 and math.isfinite(belief.mean)


@given(encounters)
def test_a_right_answer_makes_the_item_look_easier_and_a_wrong_one_harder(e: Encounter) -> None:
    assert update(e, 1.0).item.mean <= e.item.mean <= update(e, 0.0).item.mean


@given(encounters, st.permutations(range(4)))
def test_the_order_of_an_items_concepts_does_not_matter(e: Encounter, order: list[int]) -> None:
    places = [i for i in order if i < len(e.concepts)]
    turned = Encounter(
        e.learner, e.item, tuple(e.concepts[i] for i in places), e.successes, e.failures
    )
    assert predict(turned).logit == pytest.approx(predict(e).logit, abs=1e-9)
    straight, other = update(e, 1.0), update(turned, 1.0)
    for place, i in enumerate(places):
        assert other.on_concepts[place].mean == pytest.approx(straight.on_concepts[i].mean)
