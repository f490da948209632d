"""What is kept and whom to ask, in a real browser: where an LMS's data privacy launch leads."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.session import open_session
from models import CourseRole
from tests import factories
from tests.frontend.conftest import Opening
from tests.helpers import Visitor


@pytest.fixture
def asker(app: Flask, session: Session) -> Visitor:
    """Somebody who came without a course, as such a launch does."""
    member = factories.member(session, factories.course(session))
    opened = open_session(session, user_id=member.student_id, role=CourseRole.NONE)
    session.commit()
    return Visitor(app.test_client(), member, opened.sid, opened.secret)


@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits_and_axe_finds_nothing(
    tool: str, visit: Opening, let_in: Callable[[Visitor], None], asker: Visitor, width: int
) -> None:
    let_in(asker)
    visiting = visit(tool + asker.url("activities/kept"), width=width, height=640)
    page = visiting.page
    assert page.inner_text("h1") == "What CourseLLM keeps"
    assert page.locator(".cl-tabs a").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visiting.violations() == []
    assert visiting.complaints == []
