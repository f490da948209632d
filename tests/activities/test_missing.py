"""Pages for those who cannot come in, and for links that lead nowhere."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.session import open_session
from models import CourseRole
from tests import factories
from tests.helpers import enter


@pytest.mark.parametrize(
    ("role", "heading"),
    [
        (CourseRole.ADMINISTRATOR, "You are here as an administrator"),
        (CourseRole.OBSERVER, "There is nothing to show to observers yet"),
        (CourseRole.NONE, "Your course gives you no role here"),
    ],
)
def test_who_has_no_room_here_reads_why(
    app: Flask, session: Session, role: CourseRole, heading: str
) -> None:
    page = enter(app, session, factories.course(session), role).get("activities/missing")
    assert page.status_code == 200
    assert f"<h1>{heading}</h1>" in page.text
    assert 'class="cl-tabs"' not in page.text


def test_a_launch_without_a_course_reads_why(app: Flask, session: Session) -> None:
    person = factories.user(session)
    opened = open_session(session, user_id=person.user_id, role=CourseRole.TEACHER)
    session.commit()
    page = app.test_client().get(
        f"/s/{opened.sid}/activities/missing",
        headers={"Authorization": f"Bearer {opened.secret}"},
    )
    assert page.status_code == 200
    assert "<h1>This link belongs to no course</h1>" in page.text


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (CourseRole.STUDENT, "Your teacher has to do that."),
        (CourseRole.TEST_STUDENT, "Your teacher has to do that."),
        (CourseRole.TA, "can repair it by opening this link"),
    ],
)
def test_a_link_that_leads_nowhere_says_who_can_help(
    app: Flask, session: Session, role: CourseRole, words: str
) -> None:
    visitor = enter(app, session, factories.course(session), role)
    page = visitor.get("activities/lost/")
    assert page.status_code == 200
    assert words in page.text


def test_strangers_read_nothing(app: Flask, session: Session) -> None:
    visitor = enter(app, session, factories.course(session), CourseRole.NONE)
    assert visitor.get("activities/lost/").status_code == 403
    assert app.test_client().get(visitor.url("activities/missing")).status_code == 401
