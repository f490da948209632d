"""The conversation's page: what it says before the first question, to whom, and what it folds."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.tutor.shown import headline
from models import Course, CourseRole, IndexingStatus
from tests import factories
from tests.helpers import Visitor, enter
from tests.llm.fake_endpoint import FakeEndpoint
from tests.tutor.conftest import PAGES, AddText, ask, of


def test_before_the_first_question(student: Visitor) -> None:
    page = student.get("tutor/").text
    assert "Answers come from <bdi>Week 4</bdi>." in page
    assert "Ask in your own words" in page
    assert "For example" in page
    assert "whoever runs this installation can read them." in page


def test_a_course_without_materials(app: Flask, session: Session) -> None:
    course = factories.course(session)
    page = enter(app, session, course).get("tutor/").text
    assert "There are no materials to answer from yet." in page
    assert "When your teacher adds" in page
    stream = ask(enter(app, session, course))
    assert "nothing in them is near it" in of("evidence", stream)[0]
    assert (
        "Add the first file" in enter(app, session, course, CourseRole.TEACHER).get("tutor/").text
    )


def test_many_materials_are_counted(
    app: Flask, session: Session, course: Course, add_text: AddText
) -> None:
    for number in range(5, 9):
        add_text(course, PAGES[0], title=f"Week {number}")
    factories.material(session, course, indexing_status=IndexingStatus.PENDING, title="New")
    page = enter(app, session, course).get("tutor/").text
    assert "<bdi>Week 4</bdi>, <bdi>Week 5</bdi> and 3 more." in page
    assert "1 more file is being read." in page


def test_the_teacher_learns_which_model_answers(teacher: Visitor, capable: FakeEndpoint) -> None:
    assert "Answers are written by test-model" in teacher.get("tutor/").text


def test_the_teacher_is_offered_the_small_model(teacher: Visitor, tiny: FakeEndpoint) -> None:
    page = teacher.get("tutor/").text
    assert "smollm2-135m-instruct, is a small one for trying out" in page
    assert "Let the small trial model write answers" in page
    teacher.post("tutor/policy", data={"small_model": "1"})
    assert "Show the pages alone again" in teacher.get("tutor/").text


def test_an_assistant_sees_the_model_but_not_the_switch(
    app: Flask, session: Session, course: Course, tiny: FakeEndpoint
) -> None:
    assistant = enter(app, session, course, CourseRole.TA)
    page = assistant.get("tutor/").text
    assert "a small one for trying out" in page
    assert "Let the small trial model" not in page
    assert assistant.post("tutor/policy", data={"small_model": "1"}).status_code == 403


def test_no_model_is_said_to_the_teacher(teacher: Visitor) -> None:
    assert "No model is connected" in teacher.get("tutor/").text


@pytest.mark.parametrize("model", ["capable", "tiny"])
def test_students_see_no_model_names(
    student: Visitor, model: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(model)
    ask(student)
    page = student.get("tutor/").text
    assert "test-model" not in page
    assert "smollm2" not in page


def test_practise_this_leads_to_the_concept(
    student: Visitor, session: Session, course: Course
) -> None:
    concept = factories.concept(session, course, name="Assignment")
    session.commit()
    assert "Practise this" not in of("evidence", ask(student))[0]
    factories.question(session, concept)
    session.commit()
    card = of("evidence", ask(student, "Why does an assignment never copy any list?"))[0]
    assert f"/practice/?concept={concept.concept_id}" in card


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Why?", ("Why?", "")),
        ("Why?\n\nx = 1", ("Why?", "x = 1")),
        ("word " * 50, (("word " * 36).strip()[:179], ("word " * 15).strip())),
        ("x" * 200, ("x" * 180, "x" * 20)),
    ],
)
def test_a_long_question_has_a_heading_and_a_rest(question: str, expected: tuple[str, str]) -> None:
    head, rest = headline(question)
    assert head == expected[0] or head.startswith("word")
    assert (head + rest).replace(" ", "").replace("\n", "") == question.replace(" ", "").replace(
        "\n", ""
    )
    assert len(head) <= 180
