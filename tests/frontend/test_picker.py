"""The picker in a real browser, in the dialogs that LMSs give it: by keyboard, by name, by eye."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect
from sqlalchemy.orm import Session

from lti_config.deep_linking import Request
from models import Course, CourseRole
from tests import factories
from tests.frontend.conftest import Opening, Visit
from tests.frontend.lms import LMS, registered
from tests.helpers import Visitor, enter

ITEMS = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items"
DIALOGS = [(320, 640), (800, 600), (1280, 800)]


@dataclass
class Dialog:
    """The picker, open, and what the LMS was sent."""

    visit: Visit
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.visit.page

    def take(self, route: Route) -> None:
        """The LMS's return address."""
        [token] = parse_qs(route.request.post_data or "")["JWT"]
        payload = token.split(".")[1]
        self.answers.append(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
        route.fulfill(body="<h1>Back in the course</h1>", content_type="text/html")

    def placed(self) -> list[dict[str, Any]]:
        """The links that came back, once they have."""
        expect(self.page.get_by_role("heading", name="Back in the course")).to_be_visible()
        found: list[dict[str, Any]] = self.answers[-1][ITEMS]
        return found


@pytest.fixture
def teacher(app: Flask, session: Session) -> Visitor:
    course = factories.course(session, time_zone="Europe/Madrid")
    for name, questions in (("For loops", 6), ("Lists", 3), ("A long name of a concept", 0)):
        concept = factories.concept(session, course, name=name)
        for _ in range(questions):
            factories.question(session, concept)
    factories.material(session, course, title="Week 4: Strings", page_count=12)
    registration = registered(session)
    asked = Request(f"{LMS}/return", None, True, True, "", "", True)
    return enter(
        app,
        session,
        course,
        CourseRole.TEACHER,
        registration_id=registration.registration_id,
        deployment_id=registration.deployments[0].deployment_id,
        deep_linking=asdict(asked),
    )


@pytest.fixture
def pick(
    tool: str, visit: Opening, let_in: Callable[[Visitor], None], teacher: Visitor
) -> Callable[..., Dialog]:
    let_in(teacher)

    def pick(**how: Any) -> Dialog:
        visiting = visit(tool + teacher.url("activities/new"), ready="h1", **how)
        dialog = Dialog(visiting)
        dialog.page.route(f"{LMS}/**", dialog.take)
        return dialog

    return pick


Picking = Callable[..., Dialog]


@pytest.mark.parametrize(("width", "height"), DIALOGS)
@pytest.mark.parametrize("kind", ["Practice", "Tutor", "Reading"])
def test_it_fits_the_dialog_and_axe_finds_nothing(
    pick: Picking, kind: str, width: int, height: int
) -> None:
    dialog = pick(width=width, height=height)
    page = dialog.page
    page.get_by_role("radio", name=re.compile(f"^{kind}")).check()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("Cancel", "Put on the list", "Add link"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    assert dialog.visit.violations() == []
    assert dialog.visit.complaints == []


def test_by_keyboard_alone(pick: Picking) -> None:
    """Tab, arrows, space and enter: a set on two concepts with a due date, placed."""
    dialog = pick(width=800, height=600)
    page = dialog.page
    keys = page.keyboard
    page.get_by_role("radio", name=re.compile("^Practice")).focus()
    keys.press("ArrowLeft")
    expect(page.get_by_role("radio", name=re.compile("^Tutor"))).to_be_checked()
    expect(page.get_by_label("Opening instruction")).to_be_visible()
    expect(page.get_by_role("group", name="Concepts")).to_be_hidden()
    keys.press("ArrowRight")
    concepts = page.get_by_role("group", name="Concepts")
    _tab_to(page, concepts.get_by_role("checkbox", name="Lists 3 questions"))
    keys.press("Space")
    _tab_to(page, page.get_by_label("What counts"))
    keys.press("a")
    _tab_to(page, page.get_by_label("Points"))
    keys.type("20")
    _tab_to(page, page.locator("summary", has_text="Dates"))
    keys.press("Enter")
    expect(page.get_by_label("Due", exact=True)).to_be_visible()
    page.get_by_label("Due", exact=True).fill("2027-03-05T20:00")
    expect(page.locator("#preview")).to_contain_text("20 points. The average of your answers")
    _tab_to(page, page.get_by_role("button", name="Add link"))
    keys.press("Enter")
    [item] = dialog.placed()
    assert item["title"] == "Practice: For loops and Lists"
    assert item["lineItem"]["scoreMaximum"] == 20
    assert item["submission"] == {"endDateTime": "2027-03-05T19:00:00Z"}
    assert item["custom"]["activity"] == item["lineItem"]["resourceId"]


def _tab_to(page: Page, wanted: Any) -> None:
    """Tab until it has the focus, which is always to be seen."""
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.checkVisibility()")
        if wanted.evaluate("it => it === document.activeElement"):
            expect(wanted).to_be_in_viewport()
            return
    raise AssertionError("the focus never came there")


def test_several_links_go_together(pick: Picking) -> None:
    dialog = pick(width=320, height=640)
    page = dialog.page
    page.get_by_label("Title on the course page").fill("First")
    page.get_by_role("button", name="Put on the list").click()
    expect(page.get_by_role("status").first).to_contain_text("“First” is on the list.")
    page.get_by_role("radio", name=re.compile("^Reading")).check()
    page.get_by_label("File", exact=True).select_option(label="Week 4: Strings")
    page.get_by_label("Page", exact=True).fill("7")
    page.get_by_label("Opens in").select_option(label="New window")
    page.get_by_role("button", name="Put on the list").click()
    listed = page.get_by_role("group", name="The list")
    expect(listed.get_by_role("checkbox")).to_have_count(2)
    assert dialog.visit.violations() == []
    page.get_by_role("button", name="Add these links").click()
    first, second = dialog.placed()
    assert (first["title"], second["title"]) == ("First", "Week 4: Strings, p. 7")
    assert "lineItem" not in second
    assert second["window"] == {"targetName": "_blank"}


def test_a_fault_is_named_and_gets_the_focus(pick: Picking) -> None:
    dialog = pick(width=320, height=640)
    page = dialog.page
    page.get_by_role("checkbox", name="For loops 6 questions").uncheck()
    page.get_by_label("Points").fill("7.5")
    page.get_by_role("button", name="Add link").click()
    points = page.get_by_label("Points")
    expect(points).to_have_attribute("aria-invalid", "true")
    expect(points).to_have_accessible_description("A whole number from 1 to 1000.")
    group = page.get_by_role("group", name="Concepts")
    expect(group).to_have_accessible_description("Choose a concept, or name a new one.")
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert dialog.visit.violations() == []


def _lives_in(page: Page, zone: str) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTimezoneOverride", {"timezoneId": zone})


def _zone_is(session: Session, teacher: Visitor, zone: str) -> None:
    session.get_one(Course, teacher.enrollment.course_id).time_zone = zone
    session.commit()


PROPOSED = "this is your browser's"


@pytest.mark.parametrize("width", [320, 800])
def test_where_nobody_has_said_the_time_zone_the_browsers_is_proposed(
    pick: Picking, teacher: Visitor, session: Session, width: int
) -> None:
    _zone_is(session, teacher, "UTC")
    dialog = pick(width=width, height=640)
    page = dialog.page
    _lives_in(page, "America/Bogota")
    zone = page.get_by_label("Time zone of the course")
    expect(zone).to_have_value("UTC")
    page.locator("summary", has_text="Dates").click()
    expect(zone).to_have_value("America/Bogota")
    expect(page.get_by_role("status").filter(has_text=PROPOSED)).to_be_visible()
    assert dialog.visit.violations() == []
    page.get_by_label("Due", exact=True).fill("2027-03-05T20:00")
    page.get_by_role("button", name="Add link").click()
    [item] = dialog.placed()
    assert item["submission"] == {"endDateTime": "2027-03-06T01:00:00Z"}
    session.expire_all()
    assert session.get_one(Course, teacher.enrollment.course_id).time_zone == "America/Bogota"


def test_who_says_nothing_of_dates_says_nothing_of_the_zone(
    pick: Picking, teacher: Visitor, session: Session
) -> None:
    _zone_is(session, teacher, "UTC")
    dialog = pick(width=800, height=600)
    _lives_in(dialog.page, "America/Bogota")
    dialog.page.get_by_role("button", name="Add link").click()
    assert len(dialog.placed()) == 1
    session.expire_all()
    assert session.get_one(Course, teacher.enrollment.course_id).time_zone == "UTC"


def test_a_zone_that_is_known_is_left_alone(pick: Picking) -> None:
    dialog = pick(width=800, height=600)
    _lives_in(dialog.page, "America/Bogota")
    dialog.page.locator("summary", has_text="Dates").click()
    expect(dialog.page.get_by_label("Time zone of the course")).to_have_value("Europe/Madrid")
    expect(dialog.page.get_by_text(PROPOSED)).to_have_count(0)


def test_cancel_goes_back_with_nothing(pick: Picking) -> None:
    dialog = pick(width=320, height=640)
    dialog.page.get_by_role("button", name="Cancel").click()
    assert dialog.placed() == []
