"""What the picker's form stands for."""

import uuid

import pytest

from app.activities.offers import START, Offer, OfferRefused, read
from models import ActivityKind, ScorePolicy

LOOPS = uuid.uuid4()
CONCEPTS = {LOOPS: "For loops"}
FORM = {**START, "concept": str(LOOPS)}


def offer(takes_grade: bool = True, **changes: str) -> Offer:
    return read({**FORM, **changes}, CONCEPTS, takes_grade=takes_grade)


def test_practice_with_a_grade() -> None:
    assert offer() == Offer(
        kind=ActivityKind.PRACTICE,
        title="Practice: For loops",
        concept_id=LOOPS,
        concept_name="For loops",
        question_count=5,
        points=10,
        policy=ScorePolicy.BEST,
    )


def test_the_tutor_needs_nothing_else() -> None:
    assert offer(kind="tutor", concept="", count="x", points="-1") == Offer(
        ActivityKind.TUTOR, "Tutor"
    )


def test_a_title_of_ones_own_is_tidied() -> None:
    assert offer(title="  Week 3:  loops ").title == "Week 3: loops"


def test_a_concept_that_is_still_to_be_made() -> None:
    made = offer(concept="new", new_concept=" While  loops")
    assert (made.concept_id, made.new_concept) == (None, "While loops")
    assert made.title == "Practice: While loops"


@pytest.mark.parametrize(("takes_grade", "grade"), [(True, "none"), (False, "best")])
def test_no_grade_is_asked_for_or_all_there_is(takes_grade: bool, grade: str) -> None:
    made = offer(takes_grade, grade=grade, points="rubbish")
    assert made.points is None
    assert made.text == "Practice without a grade. You may practise as often as you like."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "best score: 5 questions, 10 points. You may practise as often"),
        ({"count": "1", "points": "1"}, "best score: 1 question, 1 point."),
        ({"grade": "last"}, "5 questions, 10 points. Your last answer to each question counts."),
        ({"kind": "tutor"}, "Each answer shows the page it comes from."),
    ],
)
def test_students_read_what_it_counts_for(changes: dict[str, str], words: str) -> None:
    assert words in offer(**changes).text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"concept": str(uuid.uuid4())}, "concept"),
        ({"concept": ""}, "concept"),
        ({"concept": "new", "new_concept": " "}, "new_concept"),
        ({"count": "0"}, "count"),
        ({"count": "51"}, "count"),
        ({"count": "²"}, "count"),
        ({"points": "7.5"}, "points"),
        ({"points": "1001"}, "points"),
        ({"points": ""}, "points"),
        ({"points": "9" * 400}, "points"),
        ({"title": "x" * 201}, "title"),
    ],
)
def test_every_fault_stands_beside_its_field(changes: dict[str, str], field: str) -> None:
    with pytest.raises(OfferRefused) as refused:
        offer(**changes)
    assert list(refused.value.errors) == [field]


def test_a_long_name_still_makes_a_title_that_fits() -> None:
    made = read({**FORM}, {LOOPS: "x" * 200}, takes_grade=True)
    assert len(made.title) == 200
