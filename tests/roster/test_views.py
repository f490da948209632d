"""The page of people over HTTP: only this course's, only for who teaches, how fresh it is."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from app.extensions import db
from models import AuditEvent, CourseRole, EnrollmentStatus, LtiContext, User, now
from tests import factories
from tests.helpers import Visitor, enter
from tests.roster.conftest import School

JOBS = text("select count(*) from procrastinate_jobs where task_name = 'roster:read'")


@pytest.fixture
def teacher(app: Flask, session: Session, school: School) -> Visitor:
    person = factories.user(session, first_name="Thea", last_name="Laurent")
    row = factories.member(
        session, school.course, CourseRole.TEACHER, person=person, last_launch_at=now()
    )
    return enter(app, session, school.course, enrollment=row)


def named(school: School, first: str, last: str, **given: Any) -> None:
    person = factories.user(school.session, first_name=first, last_name=last)
    factories.member(school.session, school.course, person=person, **given)
    school.session.commit()


def context(school: School, **values: Any) -> None:
    row = school.session.get_one(LtiContext, school.context.context_id)
    for name, value in values.items():
        setattr(row, name, value)
    school.session.commit()


def rows(page: str) -> list[list[str]]:
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in page.split("<tr>")]
    return [[re.sub("<[^>]*>", "", cell) for cell in row] for row in cells if len(row) == 3][1:]


def test_who_is_here_and_who_has_come(teacher: Visitor, school: School) -> None:
    named(school, "Ada", "Novak", last_launch_at=now())
    named(school, "Zoë", "Émile")
    named(school, "", "", number=17)
    named(school, "Test", "Student", role=CourseRole.TEST_STUDENT)
    named(school, "Gone", "Girl", status=EnrollmentStatus.DROPPED)
    page = teacher.get("people/")
    assert page.status_code == 200
    present, gone = page.text.split("<details")
    assert [row[:2] for row in rows(present)] == [
        ["Thea Laurent", "Teacher"],
        ["Ada Novak", "Student"],
        ["Zoë Émile", "Student"],
        ["Student 17", "Student"],
    ]
    assert [row[2] == "Not yet" for row in rows(present)] == [False, False, True, True]
    assert "3 students, one of whom has opened CourseLLM" in present
    assert "1 no longer in the course" in gone and "Gone Girl" in gone
    assert "Test Student" not in page.text


def test_whom_moodle_lists(teacher: Visitor, school: School) -> None:
    named(school, "Tim", "Assistant", role=CourseRole.NONE)
    named(school, "", "", role=CourseRole.NONE, number=9)
    page = teacher.get("people/").text
    assert rows(page)[1][:2] == ["Tim Assistant", "Shown at the first visit"]
    assert rows(page)[2][0] == "Person 9"
    assert "No student has opened CourseLLM yet. 2 more are listed and have not come yet" in page


def test_names_are_escaped(teacher: Visitor, school: School) -> None:
    named(school, "<script>alert(1)</script>", "O'Brien")
    page = teacher.get("people/").text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_another_courses_people_do_not_show(
    teacher: Visitor, school: School, session: Session
) -> None:
    other = factories.course(session)
    factories.member(session, other, person=factories.user(session, last_name="Stranger"))
    session.commit()
    assert "Stranger" not in teacher.get("people/").text


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (CourseRole.TA, 200),
        (CourseRole.STUDENT, 403),
        (CourseRole.TEST_STUDENT, 403),
        (CourseRole.OBSERVER, 403),
        (CourseRole.ADMINISTRATOR, 403),
    ],
)
def test_only_who_teaches_sees_people(
    role: CourseRole, status: int, app: Flask, school: School, session: Session
) -> None:
    visitor = enter(app, session, school.course, role)
    assert visitor.get("people/").status_code == status
    assert visitor.post("people/read").status_code == (303 if status == 200 else status)
    assert session.scalar(JOBS) == (1 if status == 200 else 0)


def test_how_fresh_it_is(teacher: Visitor, school: School) -> None:
    old = now() - timedelta(days=3)
    page = teacher.get("people/").text
    assert "has not been asked yet" in page and "Read the list" in page
    context(school, roster_tried_at=old, roster_read_at=old)
    page = teacher.get("people/").text
    assert "Read from the LMS" in page and "Read again" in page
    context(school, roster_error="The LMS did not answer in time.\n503 <b>down</b>")
    page = teacher.get("people/").text
    assert "The LMS did not answer in time. This is the list as of" in page
    assert "503 &lt;b&gt;down" in page and "Read again" in page
    context(school, memberships_url=None)
    page = teacher.get("people/").text
    assert "gives CourseLLM no list" in page and "people/read" not in page


def test_a_read_that_is_on_its_way_or_lost(teacher: Visitor, school: School) -> None:
    context(school, roster_tried_at=now(), roster_read_at=now() - timedelta(days=1))
    assert "being asked" in teacher.get("people/").text
    context(school, roster_tried_at=now() - timedelta(hours=1))
    page = teacher.get("people/").text
    assert "being asked" not in page and "Read again" in page


def test_reading_again(teacher: Visitor, school: School, session: Session) -> None:
    answer = teacher.post("people/read")
    assert answer.status_code == 303
    assert "being asked" in teacher.get(answer.headers["Location"]).text
    early = teacher.post("people/read")
    assert "less than two minutes ago" in teacher.get(early.headers["Location"]).text
    session.rollback()
    assert session.scalar(JOBS) == 1
    actions = session.scalars(select(AuditEvent.action)).all()
    assert actions == ["roster.asked"]


def test_a_thousand_people_take_as_many_statements_as_ten(
    teacher: Visitor, school: School, session: Session
) -> None:
    people = [
        User(email=f"{n}@x.example", sso_id=f"k{n}", role="student", first_name="A", last_name="B")
        for n in range(1000)
    ]
    session.add_all(people)
    session.flush()
    for number, person in enumerate(people, 100):
        factories.member(session, school.course, person=person, number=number)
    session.commit()
    sent: list[str] = []

    def note(*args: Any) -> None:
        sent.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    page = teacher.get("people/")
    event.remove(db.engine, "before_cursor_execute", note)
    assert "1000 students" in page.text and len(rows(page.text)) == 100
    assert len(sent) < 8, sent
    assert session.scalar(select(func.count()).select_from(User)) > 1000


def test_people_come_a_hundred_to_a_page(teacher: Visitor, school: School) -> None:
    for number in range(120):
        named(school, "Ada", f"Novak {number:03}")
    named(school, "Zoë", "Gone", status=EnrollmentStatus.DROPPED)
    first = teacher.get("people/").text
    assert len(rows(first.split("<details")[0])) == 100
    assert "Page 1 of 2, 121 in all" in first and "120 students" in first
    second = teacher.get("people/?page=2").text
    assert [row[0] for row in rows(second.split("<details")[0])][-1] == "Ada Novak 119"
    assert len(rows(second.split("<details")[0])) == 21
    assert '<details class="cl-fold mt-4" open>' in teacher.get("people/?gone=1").text
