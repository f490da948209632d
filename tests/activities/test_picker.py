"""The picker over HTTP, up to the link that the demo LMS places from its signed answer."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from app.extensions import transaction
from demo_lms import Platform, Settings, deep_linking, line_items, links, persons
from lti_config import keys, registrations
from lti_config.addresses import TrustedHosts
from lti_config.deep_linking import Request
from models import Activity, ActivityKind, AuditEvent, Concept, Course, CourseRole
from tests import factories
from tests.helpers import Visitor, enter


@pytest.fixture
def platform(app: Flask, tmp_path: Path) -> Platform:
    def fetch(_url: str) -> Any:
        with app.app_context(), transaction() as session:
            return keys.published(session, config.current().secret_keys)

    return Platform.open(Settings(folder=tmp_path), fetch=fetch)


class Dialog:
    """A course whose LMS opened the picker."""

    def __init__(self, app: Flask, session: Session, platform: Platform) -> None:
        self.app, self.session, self.platform = app, session, platform
        self.course: Course = factories.course(session)
        self.concept: Concept = factories.concept(session, self.course, name="For <loops>")
        self.ticket = deep_linking.open_ticket(platform, persons.get("teacher"))
        self.registration = registrations.add(
            session, self._registration(platform.settings), TrustedHosts(("127.0.0.1",))
        )

    def enter(self, role: CourseRole = CourseRole.TEACHER, **changes: Any) -> Visitor:
        request = Request(
            return_url=self.ticket.return_url,
            data=self.ticket.data,
            accepts_links=True,
            accepts_multiple=True,
            accepts_line_item=True,
            title="",
            text="",
        )
        return enter(
            self.app,
            self.session,
            self.course,
            role,
            registration_id=self.registration.registration_id,
            deployment_id=self.registration.deployments[0].deployment_id,
            deep_linking={**asdict(request), **changes},
        )

    def form(self, **changes: str) -> dict[str, str]:
        form = {"kind": "practice", "grade": "best", "count": "5", "points": "10"}
        return {**form, "concept": str(self.concept.concept_id), **changes}

    def bring_back(self, page: str) -> deep_linking.Outcome:
        """What the browser does with the page, and what the LMS makes of it."""
        action = re.search(r'<form[^>]*method="post" action="([^"]*)"', page)
        token = re.search(r'name="JWT" value="([^"]*)"', page)
        assert action is not None
        assert token is not None
        assert unescape(action[1]) == self.ticket.return_url
        ticket = self.ticket.return_url.rsplit("/", 1)[1]
        return deep_linking.take_answer(self.platform, ticket, token[1])

    def activities(self) -> list[Activity]:
        return list(self.session.scalars(select(Activity)))

    @staticmethod
    def _registration(settings: Settings) -> registrations.NewRegistration:
        return registrations.NewRegistration(
            name="Demo",
            issuer=settings.issuer,
            client_id=settings.client_id,
            auth_url=settings.authorization_url,
            token_url=settings.token_url,
            jwks_url=settings.jwks_url,
            deployments=(settings.deployment_id,),
        )


@pytest.fixture
def dialog(app: Flask, session: Session, platform: Platform) -> Iterator[Dialog]:
    yield Dialog(app, session, platform)


def test_the_picker_has_no_tabs_and_says_what_students_will_read(dialog: Dialog) -> None:
    factories.question(dialog.session, dialog.concept)
    page = dialog.enter().get("activities/new").text
    assert "What should the link open?" in page
    assert 'class="cl-tabs"' not in page
    assert "For &lt;loops&gt; (1 question)" in page
    assert "<strong>Practice: For &lt;loops&gt;.</strong> Counts for your grade" in page
    assert "enough for this" in page


def test_a_graded_practice_link_is_placed_with_its_column(dialog: Dialog) -> None:
    page = dialog.enter().post("activities/new", data=dialog.form())
    assert page.status_code == 200
    assert 'data-room="activities"' in page.text
    assert dialog.bring_back(page.text).added == ["Practice: For <loops>"]

    [activity] = dialog.activities()
    assert (activity.kind, activity.points, activity.question_count) == (
        ActivityKind.PRACTICE,
        10,
        5,
    )
    assert activity.course_id == dialog.course.course_id
    assert activity.concepts == [dialog.concept]
    link = links.listed(dialog.platform.store)[-1]
    assert link.custom == {"activity": str(activity.activity_id)}
    assert link.url == "http://localhost:8000/lti/launch"
    assert link.description.startswith("Counts for your grade, best score: 5 questions")
    [column] = line_items.listed(dialog.platform.store)
    assert (column.label, column.score_maximum) == ("Practice: For <loops>", 10)
    assert column.resource_id == str(activity.activity_id)
    assert column.link_id == link.id
    actions = dialog.session.scalars(select(AuditEvent.action)).all()
    assert actions == ["activity.created"]


@pytest.mark.parametrize(
    ("form", "title"),
    [({"kind": "tutor"}, "Tutor"), ({"grade": "none", "title": "Try"}, "Try")],
    ids=["tutor", "no grade"],
)
def test_other_links_have_no_column(dialog: Dialog, form: dict[str, str], title: str) -> None:
    page = dialog.enter().post("activities/new", data=dialog.form(**form))
    assert dialog.bring_back(page.text).added == [title]
    assert line_items.listed(dialog.platform.store) == []


def test_a_place_that_takes_no_grade_gets_none(dialog: Dialog) -> None:
    teacher = dialog.enter(accepts_line_item=False)
    assert "Points" not in teacher.get("activities/new").text
    page = teacher.post("activities/new", data=dialog.form())
    dialog.bring_back(page.text)
    assert line_items.listed(dialog.platform.store) == []
    assert dialog.activities()[0].points is None


def test_cancel_goes_back_with_nothing(dialog: Dialog) -> None:
    page = dialog.enter().post("activities/new/cancel")
    outcome = dialog.bring_back(page.text)
    assert (outcome.added, outcome.message) == ([], "No link was added.")
    assert dialog.activities() == []


def test_the_first_concept_is_named_right_there(dialog: Dialog, session: Session) -> None:
    session.delete(dialog.concept)
    teacher = dialog.enter()
    page = teacher.get("activities/new").text
    assert "This course has none yet" in page
    form = dialog.form(concept="new", new_concept="While loops")
    preview = teacher.post("activities/new/preview", data=form).text
    assert "While loops has no questions yet" in preview
    assert "You write them under Practice" in preview
    placed = teacher.post("activities/new", data=form)
    assert dialog.bring_back(placed.text).added == ["Practice: While loops"]
    [concept] = session.scalars(select(Concept))
    assert (concept.name, concept.course_id) == ("While loops", dialog.course.course_id)


def test_a_concept_name_that_is_taken_is_told_beside_its_field(dialog: Dialog) -> None:
    form = dialog.form(concept="new", new_concept="for <LOOPS>", title="Mine")
    page = dialog.enter().post("activities/new", data=form)
    assert page.status_code == 422
    assert "already has a concept called" in page.text
    assert 'value="Mine"' in page.text
    assert dialog.activities() == []


def test_faults_stand_beside_their_fields_and_nothing_is_made(dialog: Dialog) -> None:
    page = dialog.enter().post("activities/new", data=dialog.form(points="7.5", count="0"))
    assert page.status_code == 422
    assert page.text.count("A whole number from 1 to") == 2
    assert 'value="7.5"' in page.text
    assert dialog.activities() == []


def test_too_few_questions_are_told_before_the_link_is_placed(dialog: Dialog) -> None:
    factories.question(dialog.session, dialog.concept)
    preview = dialog.enter().post("activities/new/preview", data=dialog.form()).text
    assert "has 1 question in use, so students cannot reach all points yet" in preview
    assert "Write 4 more" in preview


def test_a_concept_of_another_course_cannot_be_chosen(dialog: Dialog, session: Session) -> None:
    other = factories.concept(session, factories.course(session))
    form = dialog.form(concept=str(other.concept_id))
    assert dialog.enter().post("activities/new", data=form).status_code == 422


@pytest.mark.parametrize(
    "role", [role for role in CourseRole if role is not CourseRole.TEACHER], ids=str
)
def test_only_who_manages_the_course_picks(dialog: Dialog, role: CourseRole) -> None:
    visitor = dialog.enter(role)
    assert visitor.get("activities/new").status_code == 403
    for path in ("activities/new", "activities/new/preview", "activities/new/cancel"):
        assert visitor.post(path, data=dialog.form()).status_code == 403
    assert dialog.activities() == []


def test_without_a_request_of_the_lms_there_is_nothing_to_pick(dialog: Dialog) -> None:
    teacher = enter(dialog.app, dialog.session, dialog.course, CourseRole.TEACHER)
    page = teacher.get("activities/new")
    assert page.status_code == 404
    assert "opens from your course" in page.text
