"""The picker over HTTP, up to the link that the demo LMS places from its signed answer."""

import base64
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from app.connections import registrations
from app.extensions import transaction
from demo_lms import Platform, Settings, deep_linking, line_items, links, persons, vocabulary
from lti_config import keys
from lti_config.addresses import TrustedHosts
from lti_config.deep_linking import Request
from models import (
    Activity,
    ActivityKind,
    AuditEvent,
    Concept,
    Course,
    CourseRole,
    IndexingStatus,
    StudentAttempt,
    now,
)
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

    def enter(
        self,
        role: CourseRole = CourseRole.TEACHER,
        activity_id: uuid.UUID | None = None,
        **changes: Any,
    ) -> Visitor:
        request = Request(
            return_url=self.ticket.return_url,
            data=self.ticket.data,
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
            activity_id=activity_id,
            registration_id=self.registration.registration_id,
            deployment_id=self.registration.deployments[0].deployment_id,
            deep_linking={**asdict(request), **changes},
        )

    def form(self, **changes: Any) -> dict[str, Any]:
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

    def renew(self) -> None:
        """The LMS asks once more."""
        self.ticket = deep_linking.open_ticket(self.platform, persons.get("teacher"))

    @staticmethod
    def items(page: str) -> list[dict[str, Any]]:
        """The content items in the signed answer."""
        token = re.search(r'name="JWT" value="([^"]*)"', page)
        assert token is not None, page
        payload = token[1].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        found: list[dict[str, Any]] = claims[vocabulary.DL_CONTENT_ITEMS]
        return found

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


def item_fields(page: str) -> list[str]:
    """What the list's boxes would send."""
    return [unescape(value) for value in re.findall(r'name="item" value="([^"]*)"', page)]


class TestSeveralLinksAtOnce:
    def test_links_are_put_on_a_list_and_go_together(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        page = teacher.post("activities/new", data=dialog.form(act="list", title="First")).text
        assert "“First” is on the list." in page
        assert dialog.activities() == []
        items = item_fields(page)
        second = dialog.form(act="list", kind="tutor", instruction="Read <first>", item=items)
        page = teacher.post("activities/new", data=second).text
        assert "Add these links" in page
        items = item_fields(page)
        assert len(items) == 2
        unfit = dialog.form(act="place", points="rubbish", item=items)
        placed = teacher.post("activities/new", data=unfit)
        assert placed.status_code == 200
        assert "2 links go to your course page." in placed.text
        assert dialog.bring_back(placed.text).added == ["First", "Tutor"]
        tutor = next(one for one in dialog.activities() if one.kind is ActivityKind.TUTOR)
        assert tutor.instruction == "Read <first>"
        assert {link.custom["activity"] for link in links.listed(dialog.platform.store)[1:]}

    def test_what_is_taken_off_the_list_is_not_added(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        items: list[str] = []
        for title in ("First", "Second"):
            form = dialog.form(act="list", title=title, item=items)
            items = item_fields(teacher.post("activities/new", data=form).text)
        placed = teacher.post("activities/new", data=dialog.form(item=items[1:]))
        assert dialog.bring_back(placed.text).added == ["Second"]

    def test_two_of_them_may_name_the_same_new_concept(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        items: list[str] = []
        for name in ("While loops", "while LOOPS"):
            form = dialog.form(act="list", concept="", new_concept=name, item=items)
            items = item_fields(teacher.post("activities/new", data=form).text)
        placed = teacher.post("activities/new", data=dialog.form(item=items))
        assert len(dialog.bring_back(placed.text).added) == 2
        names = dialog.session.scalars(select(Concept.name)).all()
        assert sorted(names) == ["For <loops>", "While loops"]

    def test_a_fault_on_the_list_is_told_and_the_list_kept(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        form = dialog.form(act="list", title="First")
        items = item_fields(teacher.post("activities/new", data=form).text)
        dialog.session.delete(dialog.session.get_one(Concept, dialog.concept.concept_id))
        dialog.session.commit()
        page = teacher.post("activities/new", data=dialog.form(concept="", item=items))
        assert page.status_code == 422
        assert "Take it off the list." in page.text
        assert item_fields(page.text) == items
        assert dialog.activities() == []

    def test_a_place_for_one_link_has_no_list(self, dialog: Dialog) -> None:
        teacher = dialog.enter(accepts_multiple=False)
        assert "Put on the list" not in teacher.get("activities/new").text
        placed = teacher.post("activities/new", data=dialog.form(act="list"))
        assert dialog.bring_back(placed.text).added == ["Practice: For <loops>"]

    def test_twenty_links_at_most(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        items: list[str] = []
        for _ in range(20):
            form = dialog.form(act="list", kind="tutor", item=items)
            items = item_fields(teacher.post("activities/new", data=form).text)
        page = teacher.post("activities/new", data=dialog.form(act="list", item=items))
        assert page.status_code == 422
        assert "At most 20 links can be added at once." in page.text
        placed = teacher.post("activities/new", data=dialog.form(item=[*items, items[0]]))
        assert len(dialog.bring_back(placed.text).added) == 20


class TestADescriptionThatTheLmsBrings:
    """What the teacher typed in the LMS's form: `text` of the request (Deep Linking 2.0, 4.4.1)."""

    def test_it_is_shown_kept_and_can_be_changed(self, dialog: Dialog) -> None:
        teacher = dialog.enter(text="Do this <first>.")
        page = teacher.get("activities/new").text
        assert "Do this &lt;first&gt;.</textarea>" in page
        assert "</strong> Do this &lt;first&gt;.</p>" in page, "what students will read"
        placed = teacher.post("activities/new", data=dialog.form(text="Do this second."))
        assert dialog.items(placed.text)[0]["text"] == "Do this second."

    def test_where_it_is_taken_away_ours_stands(self, dialog: Dialog) -> None:
        teacher = dialog.enter(text="Do this first.")
        placed = teacher.post("activities/new", data=dialog.form(text=""))
        assert dialog.items(placed.text)[0]["text"].startswith("Counts for your grade")

    @pytest.mark.parametrize(
        "form",
        [
            {"kind": "tutor"},
            {"grade": "none"},
            *({"grade": one} for one in ("best", "last", "average", "mastery")),
        ],
        ids=str,
    )
    def test_what_an_earlier_link_was_placed_with_is_made_anew(
        self, dialog: Dialog, form: dict[str, str]
    ) -> None:
        placed = dialog.enter().post("activities/new", data=dialog.form(**form))
        ours = dialog.items(placed.text)[0]["text"]
        page = dialog.enter(text=ours).get("activities/new").text
        assert 'name="text"' not in page

    def test_a_long_one_is_told_beside_its_field(self, dialog: Dialog) -> None:
        page = dialog.enter().post("activities/new", data=dialog.form(text="x" * 1001))
        assert page.status_code == 422
        assert "Please keep this under 1000 characters." in page.text

    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ("Read this. " * 300, "Read this. " * 90 + "Read…"),
            ("x" * 3000, "x" * 999 + "…"),
            ("a " + "读" * 1500, "a " + "读" * 997 + "…"),
            ("y" * 1000, "y" * 1000),
        ],
        ids=["words", "one word", "no spaces", "as long as may be"],
    )
    def test_one_that_is_longer_than_the_field_blocks_nothing(
        self, dialog: Dialog, sent: str, shown: str
    ) -> None:
        teacher = dialog.enter(text=sent.strip())
        page = teacher.get("activities/new").text
        field = re.search(r'name="text"[^>]*>([^<]*)</textarea>', page)
        assert field is not None
        assert unescape(field[1]) == shown
        placed = teacher.post("activities/new", data=dialog.form(text=unescape(field[1])))
        assert placed.status_code == 200
        assert dialog.items(placed.text)[0]["text"] == shown

    def test_each_link_of_a_list_has_its_own(self, dialog: Dialog) -> None:
        teacher = dialog.enter(text="Mine.")
        form = dialog.form(act="list", title="First", text="Mine.")
        items = item_fields(teacher.post("activities/new", data=form).text)
        second = dialog.form(act="list", kind="tutor", item=items)
        items = item_fields(teacher.post("activities/new", data=second).text)
        placed = teacher.post("activities/new", data=dialog.form(item=items))
        texts = [one["text"] for one in dialog.items(placed.text)]
        assert texts[0] == "Mine."
        assert texts[1].startswith("Ask about the materials")


class TestSettingALinkUpAgain:
    @staticmethod
    def _placed(dialog: Dialog) -> Activity:
        page = dialog.enter().post("activities/new", data=dialog.form(title="Old"))
        assert page.status_code == 200
        [activity] = dialog.activities()
        return activity

    def test_the_form_holds_what_it_is_and_the_activity_stays(self, dialog: Dialog) -> None:
        activity = self._placed(dialog)
        dialog.renew()
        teacher = dialog.enter(activity_id=activity.activity_id)
        page = teacher.get("activities/new").text
        assert "What should the link open now?" in page
        assert 'value="Old"' in page
        assert "Put on the list" not in page
        form = dialog.form(title="New", points="20", grade="average", due="2027-03-05T20:00")
        placed = teacher.post("activities/new", data=form)
        assert dialog.bring_back(placed.text).added == ["New"]
        dialog.session.expire_all()
        [changed] = dialog.activities()
        assert changed.activity_id == activity.activity_id
        assert (changed.points, changed.score_policy.value) == (20, "average")
        link = links.listed(dialog.platform.store)[-1]
        assert link.custom["activity"] == str(activity.activity_id)
        actions = dialog.session.scalars(select(AuditEvent.action)).all()
        assert "activity.changed" in actions

    def test_where_no_column_is_taken_none_is_sent_and_the_points_stay(
        self, dialog: Dialog
    ) -> None:
        """Set up again from a page's editor, say: its column is there already."""
        activity = self._placed(dialog)
        teacher = dialog.enter(activity_id=activity.activity_id, accepts_line_item=False)
        placed = teacher.post("activities/new", data=dialog.form(title="New", points="10"))
        assert "lineItem" not in dialog.items(placed.text)[0]
        dialog.session.expire_all()
        assert dialog.activities()[0].points == 10

    def test_another_kind_is_another_activity(self, dialog: Dialog) -> None:
        activity = self._placed(dialog)
        dialog.renew()
        teacher = dialog.enter(activity_id=activity.activity_id)
        placed = teacher.post("activities/new", data=dialog.form(kind="tutor"))
        dialog.bring_back(placed.text)
        assert {one.kind.value for one in dialog.activities()} == {"practice", "tutor"}

    def test_what_counts_stays_once_students_have_answered(self, dialog: Dialog) -> None:
        activity = self._placed(dialog)
        member = factories.member(dialog.session, dialog.course)
        question = factories.question(dialog.session, dialog.concept)
        dialog.session.add(
            StudentAttempt(
                student_id=member.student_id,
                question_id=question.question_id,
                submitted_answer="b",
                activity_id=activity.activity_id,
            )
        )
        dialog.renew()
        teacher = dialog.enter(activity_id=activity.activity_id)
        assert "Students have answered" in teacher.get("activities/new").text
        form = dialog.form(title="New", points="20", grade="last", concept="", kind="tutor")
        assert teacher.post("activities/new", data=form).status_code == 200
        dialog.session.expire_all()
        [same] = dialog.activities()
        assert (same.title, same.points, same.score_policy.value) == ("New", 10, "best")
        assert same.concepts == [dialog.concept]

    def test_an_activity_of_another_course_is_none_to_set_up(
        self, dialog: Dialog, session: Session
    ) -> None:
        other = factories.course(session)
        foreign = Activity(
            course_id=other.course_id,
            kind=ActivityKind.TUTOR,
            title="Secret title",
            created_by=factories.user(session).user_id,
        )
        session.add(foreign)
        session.flush()
        page = dialog.enter(activity_id=foreign.activity_id).get("activities/new").text
        assert "Secret title" not in page
        assert "What should the link open?" in page


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


class TestReading:
    def test_a_link_opens_the_file_at_its_page(self, dialog: Dialog) -> None:
        material = factories.material(dialog.session, dialog.course, page_count=9)
        form = dialog.form(kind="material", material=str(material.material_id), page="7")
        placed = dialog.enter().post("activities/new", data=form)
        assert dialog.bring_back(placed.text).added == ["Week 1, p. 7"]
        [activity] = dialog.activities()
        student = enter(dialog.app, dialog.session, dialog.course, activity_id=activity.activity_id)
        there = student.get("activities/reading")
        assert there.location.endswith(f"/materials/{material.material_id}?page=7")
        assert student.get(there.location).status_code == 200

        material.is_public = False
        dialog.session.commit()
        page = student.get("activities/reading")
        assert page.status_code == 200
        assert "not released at the moment" in page.text

    def test_files_that_students_cannot_read_are_not_offered(self, dialog: Dialog) -> None:
        session, course = dialog.session, dialog.course
        failed = {"indexing_status": IndexingStatus.FAILED}
        old = factories.material(session, course, title="Replaced", deleted_at=now())
        hidden = [
            old,
            factories.material(session, course, title="Hidden", is_public=False),
            factories.material(
                session, course, title="Newer", is_public=False, replaces_id=old.material_id
            ),
            factories.material(session, course, title="Failed", **failed),
            factories.material(session, course, title="Photo", details={"not_searched": "Why."}),
            factories.material(session, course, title="Package", details={"unpacked": {}}),
            factories.material(session, factories.course(session), title="Foreign"),
        ]
        teacher = dialog.enter()
        page = teacher.get("activities/new").text
        assert "The course has no file yet that students may open" in page
        for material in hidden:
            assert material.title not in page
            form = dialog.form(kind="material", material=str(material.material_id))
            assert teacher.post("activities/new", data=form).status_code == 422

    def test_a_file_that_opens_later_is_placed_before(self, dialog: Dialog) -> None:
        session, course, day = dialog.session, dialog.course, datetime(2190, 3, 5, 8, tzinfo=UTC)
        material = factories.material(session, course, title="Week 7", release_at=day)
        teacher = dialog.enter()
        assert "Week 7 (from Friday 5 March 2190, 08:00 UTC)" in teacher.get("activities/new").text
        form = dialog.form(kind="material", material=str(material.material_id))
        shown = teacher.post("activities/new/preview", data=form).text
        assert "Students can open it from Friday 5 March 2190, 08:00 UTC on." in shown
        placed = teacher.post("activities/new", data=form)
        assert dialog.bring_back(placed.text).added == ["Week 7"]

        [activity] = dialog.activities()
        student = enter(dialog.app, session, course, activity_id=activity.activity_id)
        early = student.get("activities/reading")
        assert early.status_code == 200
        assert "This file opens on Friday 5 March 2190, 08:00 UTC." in early.text
        assert student.get(f"materials/{material.material_id}").status_code == 404

        material.release_at = now() - timedelta(minutes=1)
        session.commit()
        assert student.get("activities/reading").location.endswith(
            f"/materials/{material.material_id}"
        )

    def test_settings_keep_a_file_that_was_hidden_meanwhile(self, dialog: Dialog) -> None:
        material = factories.material(dialog.session, dialog.course, page_count=9)
        form = dialog.form(kind="material", material=str(material.material_id), page="7")
        dialog.enter().post("activities/new", data=form)
        [activity] = dialog.activities()
        material.is_public = False
        dialog.session.commit()
        teacher = enter(dialog.app, dialog.session, dialog.course, CourseRole.TEACHER)
        address = f"activities/links/{activity.activity_id}"
        assert "Week 1" in teacher.get(address).text
        assert teacher.post(address, data={**form, "page": "8"}).status_code == 303
        dialog.session.refresh(activity)
        assert (activity.material_id, activity.page) == (material.material_id, 8)


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
