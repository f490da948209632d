"""What teachers do with their materials over HTTP: names, order, release, many at once."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.materials.search import search
from models import Course, CourseMaterial, CourseRole, now
from tests import factories
from tests.helpers import Visitor, enter
from tests.materials.conftest import Add, Look


def titles(teacher: Visitor) -> list[str]:
    """As the page lists them."""
    page = teacher.get("materials/").text
    return [
        part.partition("</bdi>")[0]
        for part in page.split("<h3><a ")[1:]
        for part in [part.split("<bdi>")[1]]
    ]


def test_a_material_is_renamed_and_hidden(teacher: Visitor, read: Add, look: Look) -> None:
    material_id = read("a.txt", b"text")
    address = f"materials/{material_id}/edit"
    assert 'value="a"' in teacher.get(address).text
    answer = teacher.post(address, data={"title": " Week\u202e 1 ", "release": "hidden"})
    assert answer.status_code == 303 and f"at={material_id}" in answer.location
    assert (look(material_id).title, look(material_id).is_public) == ("Week 1", False)
    assert f'id="material-{material_id}-edit"' in (page := teacher.get(answer.location).text)
    assert page.count("autofocus") == 1 and "Hidden from students" in page
    teacher.post(address, data={"title": "", "release": "now"})
    assert (look(material_id).title, look(material_id).is_public) == ("Week 1", True)


def test_a_release_date_is_in_the_courses_time_zone_and_the_tutor_keeps_to_it(
    session: Session, course: Course, teacher: Visitor, student: Visitor, read: Add, look: Look
) -> None:
    session.get_one(Course, course.course_id).time_zone = "America/Bogota"
    session.commit()
    material_id = read("week-7.txt", b"Recursion calls itself until the base case.")
    day = (now() + timedelta(days=30)).date()
    form = {"title": "Week 7", "release": "from", "release_at": f"{day}T08:00"}
    assert teacher.post(f"materials/{material_id}/edit", data=form).status_code == 303
    released = look(material_id).release_at
    assert released == datetime(day.year, day.month, day.day, 13, tzinfo=UTC)
    page = teacher.get("materials/").text
    assert f"From {day:%A} {day.day} {day:%B}" in page and "08:00 America/Bogota" in page
    assert f'value="{day}T08:00"' in (edit := teacher.get(f"materials/{material_id}/edit").text)
    assert "America/Bogota" in edit
    assert student.get(f"materials/{material_id}").status_code == 404
    found = search(session, course.course_id, "recursion base case", question_vector=None)
    assert found.passages == []
    session.get_one(CourseMaterial, material_id).release_at = now() - timedelta(seconds=1)
    session.commit()
    assert student.get(f"materials/{material_id}").status_code == 200
    found = search(session, course.course_id, "recursion base case", question_vector=None)
    assert [passage.material_id for passage in found.passages] == [material_id]


@pytest.mark.parametrize("given", ["", "tomorrow", "9999-01-01T10:00", "2027-01-01T10:00+02:00"])
def test_an_odd_date_is_told_beside_the_field(
    teacher: Visitor, read: Add, look: Look, given: str
) -> None:
    material_id = read("a.txt", b"text")
    form = {"title": "New", "release": "from", "release_at": given}
    answer = teacher.post(f"materials/{material_id}/edit", data=form)
    assert answer.status_code == 422 and "Choose a day and a time." in answer.text
    assert 'value="New"' in answer.text and look(material_id).title == "a"


def test_files_are_put_in_order(teacher: Visitor, read: Add) -> None:
    ids = [read(f"{name}.txt", name.encode()) for name in ("one", "two", "three")]
    assert titles(teacher) == ["one", "two", "three"]
    for to, place in (("up", ids[2]), ("up", ids[2]), ("up", ids[2]), ("down", ids[0])):
        answer = teacher.post(f"materials/{place}/move", data={"to": to})
        assert f"materials/order?at={place}" in answer.location
    assert titles(teacher) == ["three", "two", "one"]
    page = teacher.get("materials/order").text
    assert page.index("three") < page.index("two") < page.index("one")
    read("four.txt", b"four")
    assert titles(teacher) == ["three", "two", "one", "four"]


def test_many_are_hidden_released_and_deleted_at_once(
    teacher: Visitor, read: Add, look: Look
) -> None:
    ids = [read(f"{name}.txt", name.encode()) for name in ("one", "two", "three")]
    some = {"material": [str(one) for one in ids[:2]]}
    teacher.post("materials/chosen", data={**some, "do": "hide"})
    assert [look(one).is_public for one in ids] == [False, False, True]
    teacher.post("materials/chosen", data={**some, "do": "release"})
    assert all(look(one).is_public for one in ids)
    answer = teacher.post("materials/chosen", data={**some, "do": "delete"})
    page = teacher.get(answer.location).text
    assert "2 files were deleted." in page and titles(teacher) == ["three"]
    assert teacher.post("materials/restore", data=some).status_code == 303
    assert titles(teacher) == ["one", "two", "three"]


def test_nothing_ticked_is_told(teacher: Visitor) -> None:
    for path in ("materials/chosen", "materials/restore"):
        answer = teacher.post(path, data={"do": "delete", "material": "none"})
        assert answer.status_code == 422 and "No file is chosen" in answer.text


def test_files_of_another_course_are_not_touched(
    app: Flask, session: Session, read: Add, look: Look
) -> None:
    material_id = read("a.txt", b"text")
    stranger = enter(app, session, factories.course(session), CourseRole.TEACHER)
    form = {"material": str(material_id)}
    for act in ("hide", "delete"):
        stranger.post("materials/chosen", data={**form, "do": act})
    assert stranger.post("materials/restore", data=form).status_code == 404
    assert look(material_id).is_public and look(material_id).deleted_at is None


def test_a_version_that_waits_has_no_place_of_its_own(
    session: Session, teacher: Visitor, read: Add, add: Add
) -> None:
    old, waiting, last = read("old.txt", b"old"), add("new.txt", b"new"), read("last.txt", b"last")
    session.get_one(CourseMaterial, waiting).replaces_id = old
    session.commit()
    assert "new" not in teacher.get("materials/order").text.partition("<ol")[2].partition("</ol")[0]
    teacher.post(f"materials/{last}/move", data={"to": "up"})
    page = teacher.get("materials/order").text
    assert page.index("last</bdi>") < page.index("old</bdi>")
    teacher.post(f"materials/{waiting}/move", data={"to": "up"})
