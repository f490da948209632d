"""What becomes of links, in a real browser: repaired, set, not open yet, closed, with a word of
the teacher's. On a phone and on a desk, without a fault of axe."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from app.activities.origins import HISTORY
from models import (
    Activity,
    ActivityKind,
    Course,
    CourseRole,
    Deployment,
    LtiContext,
    ResourceLink,
    ScorePolicy,
    User,
    now,
)
from tests import factories
from tests.frontend.conftest import Opening, Visit
from tests.frontend.lms import registered
from tests.helpers import Visitor, enter

WEEK = timedelta(days=7)


@dataclass
class Place:
    """A course with links of every state, and one that was copied from another course."""

    app: Flask
    session: Session
    course: Course
    teacher: Any
    copied: ResourceLink

    def add(self, course: Course | None = None, **given: Any) -> Activity:
        activity = Activity(
            course_id=(course or self.course).course_id,
            created_by=self.teacher.student_id,
            **{"kind": ActivityKind.PRACTICE, "title": "Week 3: Loops and lists", **given},
        )
        self.session.add(activity)
        self.session.flush()
        return activity

    def enter(self, role: CourseRole, **given: Any) -> Visitor:
        if role is CourseRole.TEACHER:
            given["enrollment"] = self.teacher
        return enter(self.app, self.session, self.course, role, **given)


@pytest.fixture
def place(app: Flask, session: Session) -> Place:
    course = factories.course(session, time_zone="Europe/Madrid")
    old = factories.course(session, course_name="Python basics, autumn", course_code="PY-25")
    teacher = factories.member(session, course, CourseRole.TEACHER)
    person = session.get_one(User, teacher.student_id)
    factories.member(session, old, CourseRole.TEACHER, person=person)
    registration = registered(session)
    context = LtiContext(
        deployment_id=registration.deployments[0].deployment_id,
        lti_context_id="new",
        course_id=course.course_id,
    )
    session.add(context)
    session.flush()
    link = ResourceLink(context_id=context.context_id, lti_resource_link_id="1", title="Copied")
    session.add(link)
    place = Place(app, session, course, teacher, link)
    loops = factories.concept(session, old, name="Old loops")
    factories.question(session, loops)
    factories.material(session, old)
    place.add(old, kind=ActivityKind.TUTOR, title="Tutor")
    named = place.add(old, title="Practice: Loops", concepts=[loops], question_count=1)
    link.named_activity_id = named.activity_id
    for name in ("For loops", "Lists"):
        factories.question(session, factories.concept(session, course, name=name))
    session.flush()
    session.refresh(course, ["concepts"])
    return place


Come = Callable[..., Visit]


@pytest.fixture(params=[320, 1280])
def come(
    request: pytest.FixtureRequest, tool: str, visit: Opening, let_in: Callable[[Visitor], None]
) -> Come:
    def come(who: Visitor, path: str) -> Visit:
        let_in(who)
        return visit(tool + who.url(path), width=request.param, height=800, ready="h1")

    return come


def fits(visiting: Visit) -> bool:
    page = visiting.page
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visiting.violations() == []
    assert visiting.complaints == []
    return True


def test_a_copied_link_is_taken_over(place: Place, come: Come) -> None:
    teacher = place.enter(CourseRole.TEACHER, resource_link_id=place.copied.resource_link_id)
    visiting = come(teacher, "activities/lost/")
    page = visiting.page
    expect(page.get_by_text("copied from Python basics, autumn (PY-25)")).to_be_visible()
    assert fits(visiting)
    page.get_by_role("group", name="Which links").get_by_role("radio", name="This one").check()
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_role("status").filter(has_text="Taken over.")).to_be_visible()
    expect(page.get_by_role("heading", name="Links in your course", level=1)).to_be_visible()
    assert fits(visiting)
    page.get_by_role("link", name="Practice", exact=True).click()
    expect(page.get_by_role("heading", name="Old loops", level=1)).to_be_visible()


def by_the_tab(place: Place) -> Visitor:
    """The teacher, come by the tab of the copied course."""
    session, old = place.session, place.session.get_one(Activity, place.copied.named_activity_id)
    here = session.get_one(LtiContext, place.copied.context_id)
    deployment = session.get_one(Deployment, here.deployment_id)
    session.add(
        LtiContext(
            deployment_id=deployment.deployment_id, lti_context_id="old", course_id=old.course_id
        )
    )
    return place.enter(
        CourseRole.TEACHER,
        registration_id=deployment.registration_id,
        deployment_id=deployment.deployment_id,
        launch_facts={HISTORY: ["old"]},
    )


def test_what_is_not_wanted_is_not_offered_again(place: Place, come: Come) -> None:
    place.add(kind=ActivityKind.TUTOR, title="Tutor")
    visiting = come(by_the_tab(place), "activities/links/")
    page = visiting.page
    expect(page.get_by_role("link", name="Bring its content along")).to_be_visible()
    assert fits(visiting)
    page.get_by_role("button", name="Don't offer it again").click()
    said = page.get_by_role("status").filter(has_text="is not offered any more")
    expect(said).to_be_visible()
    expect(page.get_by_role("link", name="Bring its content along")).to_have_count(0)
    assert fits(visiting)
    said.get_by_role("link", name="Bring it along after all").click()
    expect(page.get_by_role("checkbox", name="1 file")).to_be_checked()


def test_a_copied_tab_brings_the_old_course_along(place: Place, come: Come) -> None:
    visiting = come(by_the_tab(place), "activities/copied/")
    page = visiting.page
    expect(
        page.get_by_text("copied this course from Python basics, autumn (PY-25)")
    ).to_be_visible()
    expect(page.get_by_role("checkbox", name="1 file")).to_be_checked()
    assert fits(visiting)
    for name in ("1 file", "1 concept and 1 question in use", "2 links with settings"):
        page.get_by_role("checkbox", name=re.compile(f"^{name}")).uncheck()
    page.get_by_role("button", name="Bring along").click()
    expect(page.get_by_role("alert")).to_contain_text("Mark what is to come along.")
    assert [one for one in visiting.complaints if "422" not in one] == []
    visiting.complaints.clear()
    assert fits(visiting)
    expect(page.get_by_role("checkbox", name="1 file")).not_to_be_checked()
    page.get_by_role("checkbox", name=re.compile("^2 links")).check()
    page.get_by_role("button", name="Bring along").click()
    expect(page.get_by_role("status").filter(has_text="Brought along.")).to_be_visible()
    expect(page.get_by_role("heading", name="Practice: Loops")).to_be_visible()
    assert fits(visiting)


@pytest.mark.parametrize("role", [CourseRole.TEACHER, CourseRole.STUDENT])
def test_a_course_that_was_connected_anew(role: CourseRole, place: Place, come: Come) -> None:
    """The very course, by another client id of the same LMS: no copy, and nothing is lost."""
    session, old = place.session, place.session.get_one(Activity, place.copied.named_activity_id)
    here = session.get_one(LtiContext, place.copied.context_id)
    before = registered(session, client_id="former")
    session.add(
        LtiContext(
            deployment_id=before.deployments[0].deployment_id,
            lti_context_id=here.lti_context_id,
            course_id=old.course_id,
        )
    )
    session.flush()
    visitor = place.enter(role, resource_link_id=place.copied.resource_link_id)
    visiting = come(visitor, "activities/lost/")
    page = visiting.page
    heading = page.get_by_role("heading", name="This course was here before", level=1)
    expect(heading).to_be_visible()
    if role is CourseRole.TEACHER:
        expect(page.get_by_text("have the two joined again")).to_be_visible()
        expect(page.get_by_role("heading", name="Or begin anew with its settings")).to_be_visible()
    else:
        expect(page.get_by_text("Nothing of yours is lost.")).to_be_visible()
        expect(page.get_by_text("Old loops")).to_have_count(0)
    assert fits(visiting)


def test_students_read_a_calm_page(place: Place, come: Come) -> None:
    student = place.enter(CourseRole.STUDENT, resource_link_id=place.copied.resource_link_id)
    visiting = come(student, "activities/lost/")
    expect(visiting.page.get_by_text("Your teacher has to do that.")).to_be_visible()
    assert fits(visiting)


def test_settings_are_changed_from_the_list_of_links(place: Place, come: Come) -> None:
    place.add(
        concepts=place.course.concepts,
        points=Decimal(10),
        question_count=2,
        score_policy=ScorePolicy.MASTERY,
        due_at=now() + WEEK,
    )
    visiting = come(place.enter(CourseRole.TEACHER), "activities/links/")
    page = visiting.page
    assert fits(visiting)
    page.get_by_role("link", name=re.compile("^Settings ?: Week 3: Loops and lists")).click()
    expect(page.get_by_label("What counts")).to_have_value("mastery")
    expect(page.get_by_label("Due", exact=True)).to_be_visible()
    assert fits(visiting)
    page.get_by_label("Title", exact=True).fill("Week 4")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    expect(page.get_by_role("heading", name="Week 4")).to_be_visible()


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"opens_at": WEEK}, "Until then the tutor answers"),
        ({"closes_at": -WEEK}, "You can go on practising"),
    ],
)
def test_what_is_not_open_says_so(
    place: Place, come: Come, dates: dict[str, timedelta], words: str
) -> None:
    activity = place.add(
        concepts=place.course.concepts,
        points=Decimal(10),
        question_count=2,
        **{name: now() + distance for name, distance in dates.items()},
    )
    student = place.enter(CourseRole.STUDENT, activity_id=activity.activity_id)
    visiting = come(student, "practice/")
    expect(visiting.page.get_by_text(words)).to_be_visible()
    expect(visiting.page.get_by_text("Europe/Madrid")).to_be_visible()
    assert fits(visiting)


def test_the_teachers_word_stands_above_the_tutor(place: Place, come: Come) -> None:
    activity = place.add(
        kind=ActivityKind.TUTOR, title="Tutor", instruction="Read first.\nThen ask."
    )
    student = place.enter(CourseRole.STUDENT, activity_id=activity.activity_id)
    visiting = come(student, "tutor/")
    region = visiting.page.get_by_role("region", name="From your teacher")
    expect(region).to_contain_text("Read first.")
    assert fits(visiting)
