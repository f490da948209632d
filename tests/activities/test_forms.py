"""What the form of a link stands for, and what it is while more links are chosen."""

import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.activities.choices import Choices, Reading
from app.activities.forms import Form, OfferRefused, as_form, brought_back, kept, read, start
from app.activities.offers import Offer
from app.gradebook.windows import Window
from models import Activity, ActivityKind, Concept, ScorePolicy

LOOPS, LISTS, WEEK_4 = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
MADRID = ZoneInfo("Europe/Madrid")
CHOICES = Choices(
    concepts={LOOPS: "For loops", LISTS: "Lists"},
    counts={LOOPS: 7},
    materials={WEEK_4: Reading("Week 4", 20)},
    zone="Europe/Madrid",
)


def form(**changes: Any) -> Form:
    made = start(CHOICES)
    for name, value in changes.items():
        made.setlist(name, value if isinstance(value, list) else [value])
    return made


def offer(takes_grade: bool = True, choices: Choices = CHOICES, **changes: Any) -> Offer:
    return read(form(**changes), choices, takes_grade=takes_grade)


def test_practice_with_a_grade_on_the_concept_with_most_questions() -> None:
    assert offer() == Offer(
        kind=ActivityKind.PRACTICE,
        title="Practice: For loops",
        concept_ids=(LOOPS,),
        concept_names=("For loops",),
        question_count=5,
        points=10,
        policy=ScorePolicy.BEST,
    )


def test_practice_on_several_concepts_and_a_new_one() -> None:
    made = offer(concept=[str(LISTS), str(LOOPS)], new_concept=" While  loops")
    assert made.concept_ids == (LOOPS, LISTS)
    assert made.new_concept == "While loops"
    assert made.title == "Practice: For loops, Lists and While loops"


def test_the_tutor_takes_an_instruction_and_needs_nothing() -> None:
    assert offer(kind="tutor", concept="", count="x", points="-1") == Offer(
        ActivityKind.TUTOR, "Tutor"
    )
    assert offer(kind="tutor", instruction=" Read\r\nfirst. ").instruction == "Read\nfirst."


def test_a_file_at_a_page() -> None:
    made = offer(kind="material", material=str(WEEK_4), page="11", count="")
    assert (made.material_id, made.page, made.title) == (WEEK_4, 11, "Week 4, p. 11")
    assert offer(kind="material", material=str(WEEK_4)).page is None


def test_a_title_of_ones_own_is_tidied() -> None:
    assert offer(title="  Week 3:  loops ").title == "Week 3: loops"


@pytest.mark.parametrize(("takes_grade", "grade"), [(True, "none"), (False, "best")])
def test_no_grade_is_asked_for_or_all_there_is(takes_grade: bool, grade: str) -> None:
    made = offer(takes_grade, grade=grade, points="rubbish")
    assert made.points is None
    assert made.text == "Practice without a grade. You may practise as often as you like."


def test_dates_are_the_courses_own() -> None:
    made = offer(opens="2027-03-01T08:00", due="2027-03-28T01:30", closes="2027-03-28T03:30")
    assert made.window == Window(
        datetime(2027, 3, 1, 7, tzinfo=UTC),
        datetime(2027, 3, 28, 0, 30, tzinfo=UTC),  # winter time still
        datetime(2027, 3, 28, 1, 30, tzinfo=UTC),  # an hour later by the sun, two by the clock
    )
    tokyo = offer(due="2027-03-01T08:00", time_zone="Asia/Tokyo")
    assert tokyo.window.due_at == datetime(2027, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "best score: 5 questions, 10 points. You may practise as often"),
        ({"count": "1", "points": "1"}, "best score: 1 question, 1 point."),
        ({"grade": "last"}, "5 questions, 10 points. Your last answer to each question counts."),
        ({"grade": "average"}, "The average of your answers to each question counts."),
        ({"grade": "mastery"}, "What counts is how well you master it"),
        ({"kind": "tutor"}, "Each answer shows the page it comes from."),
        ({"kind": "material", "material": str(WEEK_4)}, "Read it here"),
    ],
)
def test_students_read_what_it_counts_for(changes: dict[str, str], words: str) -> None:
    assert words in offer(**changes).text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"concept": str(uuid.uuid4())}, "concept"),
        ({"concept": [str(LOOPS), str(uuid.uuid4())]}, "concept"),
        ({"concept": ""}, "concept"),
        ({"new_concept": "for LOOPS"}, "new_concept"),
        ({"new_concept": "x" * 201}, "new_concept"),
        ({"count": "0"}, "count"),
        ({"count": "51"}, "count"),
        ({"count": "²"}, "count"),
        ({"points": "7.5"}, "points"),
        ({"points": "1001"}, "points"),
        ({"points": ""}, "points"),
        ({"points": "9" * 400}, "points"),
        ({"title": "x" * 201}, "title"),
        ({"opens": "soon"}, "opens"),
        ({"opens": "2027-03-01T08:00Z"}, "opens"),
        ({"due": "0001-01-01T00:00"}, "due"),
        ({"opens": "2027-03-01T08:00", "due": "2027-03-01T08:00"}, "due"),
        ({"due": "2027-03-02T08:00", "closes": "2027-03-01T08:00"}, "closes"),
        ({"opens": "2027-03-02T08:00", "closes": "2027-03-02T08:00"}, "closes"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"kind": "tutor", "instruction": "x" * 1001}, "instruction"),
        ({"kind": "material"}, "material"),
        ({"kind": "material", "material": str(uuid.uuid4())}, "material"),
        ({"kind": "material", "material": str(WEEK_4), "page": "21"}, "page"),
    ],
)
def test_every_fault_stands_beside_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(OfferRefused) as refused:
        offer(**changes)
    assert list(refused.value.errors) == [field]


def test_the_first_concept_has_a_field_of_its_own() -> None:
    with pytest.raises(OfferRefused) as refused:
        offer(choices=Choices({}, {}, {}, "UTC"), concept="")
    assert refused.value.errors == {"new_concept": "Give the concept a name."}


def test_a_long_name_still_makes_a_title_that_fits() -> None:
    choices = Choices({LOOPS: "x" * 200}, {}, {}, "UTC")
    assert len(offer(choices=choices).title) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"concept": [str(LOOPS), str(LISTS)], "title": "A & b = ü;", "grade": "mastery"},
        {"kind": "tutor", "instruction": "First.\n<b>Then</b> & so on=1"},
        {"kind": "material", "material": str(WEEK_4), "page": "3", "window": "new"},
        {"due": "2027-03-28T01:30", "time_zone": "Asia/Tokyo"},
    ],
)
def test_a_link_on_the_list_stays_what_it_is(changes: dict[str, Any]) -> None:
    given = form(**changes)
    again = brought_back(kept(given))
    assert read(again, CHOICES, takes_grade=True) == read(given, CHOICES, takes_grade=True)


def test_whatever_else_comes_as_a_link_of_the_list_is_refused() -> None:
    for text in ("", "x", "%00=%ff&&&", "kind=material&kind=tutor", "=" * 30_000):
        with pytest.raises(OfferRefused):
            read(brought_back(text), CHOICES, takes_grade=True)


def test_an_activity_is_read_back_as_it_was_made() -> None:
    made = offer(
        grade="average", points="7", title="Mine", opens="2027-03-01T08:00", due="2027-11-01T08:00"
    )
    activity = Activity(
        kind=made.kind,
        title=made.title,
        concepts=[Concept(concept_id=LOOPS, name="For loops")],
        question_count=made.question_count,
        points=made.points,
        score_policy=made.policy,
        opens_at=made.window.opens_at,
        due_at=made.window.due_at,
    )
    assert read(as_form(activity, "Europe/Madrid"), CHOICES, takes_grade=True) == made
    in_tokyo = read(as_form(activity, "Asia/Tokyo"), CHOICES, takes_grade=True)
    assert in_tokyo.window == made.window
