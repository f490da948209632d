"""Predicts the next answer and learns from it: online item response theory.

Every learner, learner on a concept, item and concept is a Gaussian belief in logits. An answer
updates all of them at once by assumed-density filtering (the Glicko and extended Kalman family),
with memory terms after performance factor analysis. O(1) per answer, a few microseconds, so it
runs inside the request, in the attempt's own transaction.

The caller reads the beliefs from its rows, calls `update` and writes back those it wants changed.
To leave an item or concept as it is (a preview, a replay with stored parameters), do not write it.
"""

import math
from dataclasses import dataclass

REPEATED_CONCEPT = 0.8
SUCCESSES_ON_ITEM = 1.0
FAILURES_ON_ITEM = 0.5
FORGETTING_PER_LOG_MINUTE = 0.15

LEARNER_NOISE = 0.005
LEARNER_ON_CONCEPT_NOISE = 0.03
LEARNING_WHEN_RIGHT = 0.02
LEARNING_WHEN_WRONG = 0.01
SMALLEST_SLOPE = 0.001


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of one quantity, in logits: its mean and its variance."""

    mean: float
    variance: float


NEW_LEARNER = Belief(0.0, 0.7)
NEW_LEARNER_ON_CONCEPT = Belief(0.0, 0.3)
NEW_ITEM_VARIANCE = 1.0
NEW_CONCEPT_VARIANCE = 1.0

# Where a stated difficulty puts an item that nobody has answered, in logits from the concept's
# average. Chosen so that each step is about a sixth of the share of right answers.
STATED_DIFFICULTY = {
    "beginner": -0.7,
    "intermediate": 0.0,
    "advanced": 0.7,
    "expert": 1.4,
}


@dataclass(frozen=True, slots=True)
class ConceptView:
    """One of an item's concepts as this learner meets it.

    `minutes_since` is the time since the learner's last answer on the concept; None before the
    first one. `answers` counts the learner's earlier answers on it.
    """

    learner: Belief
    concept: Belief
    answers: int = 0
    minutes_since: float | None = None


@dataclass(frozen=True, slots=True)
class Encounter:
    """A learner meets an item: all that a prediction is made from."""

    learner: Belief
    item: Belief
    concepts: tuple[ConceptView, ...]
    successes: int = 0
    failures: int = 0

    def __post_init__(self) -> None:
        if not self.concepts:
            raise ValueError("an item belongs to at least one concept")


@dataclass(frozen=True, slots=True)
class Prediction:
    """`logit` and `variance` of the answer; `chance` that it will be right, with the doubt in it.

    `plain_chance` leaves the doubt out: the `p0` that the update and hinted answers work with.
    """

    logit: float
    variance: float
    chance: float
    plain_chance: float


@dataclass(frozen=True, slots=True)
class Update:
    """The beliefs after an answer; `on_concepts` and `concepts` in the encounter's order."""

    learner: Belief
    item: Belief
    on_concepts: tuple[Belief, ...]
    concepts: tuple[Belief, ...]


def sigmoid(x: float) -> float:
    """The logistic function, without overflow."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def logit(share: float) -> float:
    """Inverse of `sigmoid` for 0 < share < 1."""
    return math.log(share / (1.0 - share))


def new_concept(expected_share: float = 0.5) -> Belief:
    """A concept nobody has answered on, from the share of right answers that is expected."""
    return Belief(-logit(expected_share), NEW_CONCEPT_VARIANCE)


def new_item(difficulty: str = "intermediate", options: int = 0) -> Belief:
    """An item nobody has answered, from its stated difficulty and its number of options.

    Who would get half of such items right by knowing gets (1 + 1/options) / 2 of them right by
    knowing or guessing, so an item to choose from starts that much easier. 0 options: an answer
    that cannot be guessed.
    """
    guessing = logit((1.0 + 1.0 / options) / 2.0) if options > 1 else 0.0
    return Belief(STATED_DIFFICULTY[difficulty] - guessing, NEW_ITEM_VARIANCE)


def predict(encounter: Encounter) -> Prediction:
    """How likely the next answer is to be right."""
    m = _expected_logit(encounter)
    v = _variance(encounter)
    doubtful = sigmoid(m / math.sqrt(1.0 + math.pi * v / 8.0))
    return Prediction(m, v, doubtful, sigmoid(m))


def update(encounter: Encounter, outcome: float, *, aided: bool = False) -> Update:
    """The beliefs after an answer worth `outcome` in [0, 1] (0 wrong, 1 right, between: partly).

    An `aided` answer (right, but after a hint) shows no learning: it has no upward drift and
    makes no belief surer, so that hints cannot raise the lower bound that people are shown.
    """
    if not 0.0 <= outcome <= 1.0:
        raise ValueError(f"outcome {outcome} is not in [0, 1]")
    p0 = sigmoid(_expected_logit(encounter))
    noise = 1.0 / max(p0 * (1.0 - p0), SMALLEST_SLOPE)
    spread = _variance(encounter) + noise
    surprise = (outcome - p0) * noise
    share = 1.0 / len(encounter.concepts)

    def moved(belief: Belief, weight: float) -> Belief:
        gain = weight * belief.variance / spread
        shrink = 0.0 if aided else weight * gain * belief.variance
        return Belief(belief.mean + gain * surprise, belief.variance - shrink)

    learner = moved(encounter.learner, 1.0)
    on_concepts, concepts = [], []
    for view in encounter.concepts:
        mine, concept = moved(view.learner, share), moved(view.concept, -share)
        rise = (learner.mean + mine.mean - concept.mean) - (
            encounter.learner.mean + view.learner.mean - view.concept.mean
        )
        drift = 0.0 if aided else _drift(outcome, rise)
        on_concepts.append(Belief(mine.mean + drift, mine.variance + LEARNER_ON_CONCEPT_NOISE))
        concepts.append(concept)
    return Update(
        learner=Belief(learner.mean, learner.variance + LEARNER_NOISE),
        item=moved(encounter.item, -1.0),
        on_concepts=tuple(on_concepts),
        concepts=tuple(concepts),
    )


def _expected_logit(e: Encounter) -> float:
    n = len(e.concepts)
    m = e.learner.mean - e.item.mean
    m += sum(view.learner.mean - view.concept.mean for view in e.concepts) / n
    m += SUCCESSES_ON_ITEM * math.log1p(e.successes) + FAILURES_ON_ITEM * math.log1p(e.failures)
    if min(view.answers for view in e.concepts) > 0:
        lag = max(view.minutes_since or 0.0 for view in e.concepts)
        m += REPEATED_CONCEPT - FORGETTING_PER_LOG_MINUTE * math.log1p(max(lag, 0.0))
    return m


def _variance(e: Encounter) -> float:
    on_concepts = sum(view.learner.variance + view.concept.variance for view in e.concepts)
    return e.learner.variance + e.item.variance + on_concepts / len(e.concepts) ** 2


def _drift(outcome: float, rise: float) -> float:
    """What was learned by answering, never so much that a poor answer raises what is shown.

    `rise` is what the answer alone did to the shown figure, in logits.
    """
    drift = LEARNING_WHEN_WRONG + (LEARNING_WHEN_RIGHT - LEARNING_WHEN_WRONG) * outcome
    return drift if outcome >= 0.5 else min(drift, max(-rise, 0.0))
