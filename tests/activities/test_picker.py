"""The picker over HTTP, up to the link that the demo LMS places from its signed answer."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from demo_lms import line_items, links
from models import (
    ActivityKind,
    AuditEvent,
    Concept,
    CourseRole,
)
from tests import factories
from tests.activities.dialog import Dialog
from tests.helpers import enter


def test_the_picker_has_no_tabs_and_says_what_students_will_read(dialog: Dialog) -> None:
    factories.question(dialog.session, dialog.concept)
    page = dialog.enter().get("activities/new").text
    assert "What should the link open?" in page
    assert 'class="cl-tabs"' not in page
    assert "For &lt;loops&gt; <span" in page
    assert "1 question</span>" in page
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
    assert link.custom["activity"] == str(activity.activity_id)
    assert link.custom["due_at"] == "$ResourceLink.submission.endDateTime"
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
    page = teacher.get("activities/new").text
    assert "Points" not in page
    assert "keeps no grade for a link that is added at this place" in page
    page = teacher.post("activities/new", data=dialog.form())
    dialog.bring_back(page.text)
    assert line_items.listed(dialog.platform.store) == []
    assert dialog.activities()[0].points is None


class TestDates:
    def test_they_are_kept_in_the_courses_zone_and_sent(self, dialog: Dialog) -> None:
        dialog.course.time_zone = "Pacific/Auckland"
        form = dialog.form(
            opens="2027-03-01T08:00", due="2027-03-05T20:00", closes="2027-03-06T20:00"
        )
        page = dialog.enter().post("activities/new", data=form).text
        item = dialog.items(page)[0]
        assert item["available"] == {
            "startDateTime": "2027-02-28T19:00:00Z",
            "endDateTime": "2027-03-06T07:00:00Z",
        }
        assert item["submission"] == {"endDateTime": "2027-03-05T07:00:00Z"}
        assert dialog.activities()[0].closes_at == datetime(2027, 3, 6, 7, tzinfo=UTC)

    def test_none_are_sent_where_none_are_given(self, dialog: Dialog) -> None:
        item = dialog.items(dialog.enter().post("activities/new", data=dialog.form()).text)[0]
        assert not {"available", "submission", "icon", "window", "iframe"} & set(item)

    def test_the_teacher_may_name_the_courses_zone(self, dialog: Dialog) -> None:
        form = dialog.form(due="2027-03-05T20:00", time_zone="Europe/Madrid")
        assert dialog.enter().post("activities/new", data=form).status_code == 200
        dialog.session.expire_all()
        assert dialog.course.time_zone == "Europe/Madrid"
        assert dialog.activities()[0].due_at == datetime(2027, 3, 5, 19, tzinfo=UTC)
        actions = dialog.session.scalars(select(AuditEvent.action)).all()
        assert "course.time_zone_changed" in actions


def test_an_icon_goes_along_from_an_https_address(dialog: Dialog, settings: Any) -> None:
    config.install(replace(settings, url="https://tool.example"))
    try:
        page = dialog.enter().post("activities/new", data=dialog.form())
    finally:
        config.install(settings)
    item = dialog.items(page.text)[0]
    icon = {"url": "https://tool.example/lti/icon.svg", "width": 128, "height": 128}
    assert item["icon"] == icon
    assert item["url"] == "https://tool.example/lti/launch"
    picture = dialog.app.test_client().get("/lti/icon.svg")
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")


@pytest.mark.parametrize("opens_windows", [True, False])
def test_a_window_of_its_own_is_asked_for_where_it_is_honoured(
    dialog: Dialog, opens_windows: bool
) -> None:
    teacher = dialog.enter(opens_windows=opens_windows)
    assert ("New window" in teacher.get("activities/new").text) is opens_windows
    page = teacher.post("activities/new", data=dialog.form(window="new"))
    window = dialog.items(page.text)[0].get("window")
    assert window == ({"targetName": "_blank"} if opens_windows else None)


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
    form = dialog.form(concept="", new_concept="While loops")
    preview = teacher.post("activities/new/preview", data=form).text
    assert "While loops has no questions yet" in preview
    assert "You write them under Practice" in preview
    placed = teacher.post("activities/new", data=form)
    assert dialog.bring_back(placed.text).added == ["Practice: While loops"]
    [concept] = session.scalars(select(Concept))
    assert (concept.name, concept.course_id) == ("While loops", dialog.course.course_id)


def test_a_concept_name_that_is_taken_is_told_beside_its_field(dialog: Dialog) -> None:
    form = dialog.form(concept="", new_concept="for <LOOPS>", title="Mine")
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


def test_a_link_that_is_closed_before_it_is_placed_is_told(dialog: Dialog) -> None:
    """The year of last term, say."""
    teacher = dialog.enter()
    told = "It closes at a time that is past"
    for closes, is_told in (("2020-01-31T12:00", True), ("2099-01-31T12:00", False), ("", False)):
        form = dialog.form(closes=closes)
        assert (told in teacher.post("activities/new/preview", data=form).text) is is_told


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
