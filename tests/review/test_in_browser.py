"""From the LMS's gradebook to a student's work and to Grades, in a real browser's frame."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from demo_lms import line_items, persons
from demo_lms.links import FIRST_LINK
from models import (
    Activity,
    ActivityKind,
    Course,
    Enrollment,
    LineItem,
    LtiContext,
    ResourceLink,
    ScoreOutbox,
    ScoreStatus,
    StudentAttempt,
    now,
)
from tests import factories
from tests.launch.conftest import Place, place
from tests.launch.test_in_browser import (
    Opening,
    open_page,
    playwright,
    see_tool,
    tool_frame,
)
from tests.selfcheck.test_in_browser import is_wider_than_its_frame, violations

pytestmark = pytest.mark.journey

__all__ = ["open_page", "place", "playwright"]


@pytest.fixture
def page(place: Place, open_page: Opening, session: Session, app: Flask) -> Page:
    """Two students and their teacher have opened the course; one has answered."""
    page = open_page("allowed")
    page.emulate_media(reduced_motion="reduce")  # no colour is looked at on its way to another
    for person in ("student-1", "student-2", "teacher"):
        page.goto(place.link.replace("student-1", person))
        see_tool(page.frame_locator("iframe[name=tool]"))
    _arrange(session, place)
    return page


def _arrange(session: Session, place: Place) -> None:
    course = session.scalars(select(Course)).one()
    concept = factories.concept(session, course)
    teacher = factories.member(session, course).student_id
    activity = Activity(
        course_id=course.course_id,
        kind=ActivityKind.PRACTICE,
        title="Practice: Loops",
        concepts=[concept],
        points=Decimal(10),
        question_count=5,
        created_by=teacher,
    )
    session.add(activity)
    session.flush()
    item = line_items.create(
        place.platform.store,
        {
            "label": "Loops",
            "scoreMaximum": 10,
            "resourceLinkId": FIRST_LINK,
            "submissionReview": {"url": f"{place.tool}/lti/review"},
        },
    )
    link = session.scalars(select(ResourceLink)).one()
    link.activity_id = activity.activity_id
    column = LineItem(
        context_id=session.scalars(select(LtiContext.context_id)).one(),
        activity_id=activity.activity_id,
        resource_link_id=link.resource_link_id,
        url=line_items.item_url(place.platform.settings, item.id),
    )
    session.add(column)
    session.flush()
    questions = [factories.question(session, concept) for _ in range(2)]
    ada, farid = (_member(session, person) for person in ("student-1", "student-2"))
    for question, answers in zip(questions, (("a", "b"), ("c",)), strict=True):
        for given in answers:
            session.add(
                StudentAttempt(
                    student_id=ada.student_id,
                    question_id=question.question_id,
                    submitted_answer=given,
                    is_correct=given == "b",
                    score=Decimal(given == "b"),
                    activity_id=activity.activity_id,
                )
            )
            session.flush()
    _score(session, column, ada, ScoreStatus.SENT, receipt={"shown": "2"})
    _score(session, column, farid, ScoreStatus.CHANGED_IN_LMS, receipt={"shown": "9"})
    session.commit()


def _member(session: Session, person: str) -> Enrollment:
    subject = persons.get(person).subject
    return session.scalars(select(Enrollment).where(Enrollment.lti_subject == subject)).one()


def _score(
    session: Session,
    column: LineItem,
    member: Enrollment,
    status: ScoreStatus,
    receipt: dict[str, str],
) -> None:
    session.add(
        ScoreOutbox(
            line_item_id=column.line_item_id,
            user_id=member.student_id,
            lti_subject=member.lti_subject or "",
            score_given=Decimal(2),
            score_maximum=Decimal(10),
            sent_score=Decimal(2),
            status=status,
            sent_at=now(),
            receipt=receipt,
        )
    )


def _look(page: Page, name: str) -> None:
    """Fits and is accessible at both ends; with LOOK=folder set, pictures to look at."""
    frame = tool_frame(page)
    assert violations(frame) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert not is_wider_than_its_frame(frame)
            if folder := os.environ.get("LOOK"):
                page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")


def test_from_the_gradebook_to_the_work_and_back(page: Page, place: Place) -> None:
    page.goto(f"{place.platform.settings.issuer}/gradebook?as=teacher")
    page.get_by_role("link", name="Review Ada Novak, Loops").click()
    frame = page.frame_locator("iframe[name=tool]")
    expect(frame.get_by_role("heading", name="Ada Novak")).to_be_visible()
    expect(frame.get_by_text("In the gradebook since")).to_be_visible()
    expect(frame.get_by_text("Their answer, and the right one")).to_be_visible()
    expect(frame.get_by_text("Answered 2 times")).to_be_visible()
    _look(page, "review")
    frame.get_by_role("link", name="All students").click()
    expect(frame.get_by_role("heading", name="Whose work?")).to_be_visible()
    _look(page, "choose")
    frame.get_by_role("navigation").get_by_role("link", name="Grades").click()
    expect(frame.get_by_text("Received as 2.")).to_be_visible()
    expect(frame.get_by_text("so our 2 was not sent")).to_be_visible()
    _look(page, "grades")
    frame.get_by_role("link", name="Ada Novak").click()
    expect(frame.get_by_role("heading", name="Ada Novak")).to_be_visible()


def test_an_activity_without_a_column(page: Page, place: Place, session: Session) -> None:
    session.execute(delete(LineItem))
    session.commit()
    for item in line_items.listed(place.platform.store):
        line_items.delete(place.platform.store, item.id or 0)
    page.goto(place.link.replace("student-1", "teacher"))
    frame = page.frame_locator("iframe[name=tool]")
    frame.get_by_role("navigation").get_by_role("link", name="Grades").click()
    expect(frame.get_by_role("button", name="Make the column")).to_be_visible()
    _look(page, "no-column")
    frame.get_by_role("button", name="Make the column").click()
    expect(frame.get_by_text("Your LMS is being asked for the column.")).to_be_visible()
