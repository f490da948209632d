"""A copied course of which nothing but the tab came along: its teacher is offered the old course's
content, where the LMS's own word on the tab says whose it is."""

import uuid
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.extensions import db
from app.materials.files.storage import storage
from demo_lms import Platform
from demo_lms import vocabulary as lti
from models import (
    ActivityKind,
    AuditEvent,
    Concept,
    Course,
    CourseMaterial,
    CourseRole,
    Enrollment,
    LtiContext,
    PracticeQuestion,
    ToolSession,
    now,
)
from tests import factories
from tests.activities.test_repair import NEW, OLD, Copy, activities
from tests.launch import lms

OFFER = "/activities/copied/"
ALL = {"files": "1", "bank": "1", "links": "1"}
LINE = "Bring its content along"


@pytest.fixture
def platform(app: Flask, session: Session, tmp_path: Any) -> Iterator[Platform]:
    with lms.serve(tmp_path, app) as platform:
        lms.register(session, platform)
        yield platform


class Tab(Copy):
    """The old course has a set, a tutor link, a reading, and a concept that no link is about."""

    def __init__(self, app: Flask, session: Session, platform: Platform) -> None:
        super().__init__(app, session, platform)
        self.lonely = factories.concept(session, self.old, name="Recursion")
        factories.question(
            session, self.lonely, question_text="Again?", created_by=self.author.user_id
        )
        material_id = uuid.uuid4()
        stored = storage().save(BytesIO(b"# Week 4\n\nStrings."), material_id)
        factories.material(
            session,
            self.old,
            material_id=material_id,
            title="Week 4",
            storage_path=stored.path,
            uploader_id=self.author.user_id,
            details={"name": "week-4.md"},
        )
        self.add(ActivityKind.TUTOR, title="Tutor", instruction="Read first.")
        self.add(ActivityKind.MATERIAL, title="Read", material_id=material_id, page=1)
        session.commit()

    def tab(self, person: str = "teacher", history: str = OLD, context: str = NEW) -> str:
        """Where Canvas's course navigation leads: it repeats the context's id as the link's."""
        attempt = self.browser.begin(self.platform, person)
        attempt.claims[lti.TOOL_PLATFORM] = {"product_family_code": "canvas", "guid": "x"}
        attempt.claims[lti.CONTEXT] = {"id": context, "title": context, "label": ""}
        attempt.claims[lti.RESOURCE_LINK] = {"id": context}
        attempt.claims[lti.AGS_ENDPOINT].pop("lineitem", None)
        attempt.claims[lti.CUSTOM] = {"context_history": history}
        answer = attempt.post()
        assert answer.status_code == 303, answer.text
        return answer.location

    def offer(self, **how: Any) -> str:
        address = self.tab(**how)
        assert address.endswith(OFFER)
        return address

    def is_offered_nothing(self, address: str) -> None:
        """Neither there nor at the offer's own address."""
        assert not address.endswith(OFFER) or self.browser.open(address).status_code == 303
        sid = address.split("/")[2]
        there = self.browser.open(f"/s/{sid}{OFFER}")
        assert there.status_code == 303
        assert there.location.endswith("/tutor/")
        page = self.see(there.location)
        token = page.split('name="csrf-token" content="')[1].split('"')[0]
        answer = self.browser.open(
            f"/s/{sid}{OFFER}", method="POST", data={"csrf_token": token, **ALL}
        )
        assert answer.status_code == 404
        assert activities(self) == []

    def links_page(self, **how: Any) -> str:
        """What the page of links says to the teacher who comes by the tab."""
        sid = self.tab(**how).split("/")[2]
        return self.see(f"/s/{sid}/activities/links/")

    def known(self, *context_ids: str) -> list[Course]:
        """Courses of the same LMS, that have nothing."""
        context = self.session.scalars(
            select(LtiContext).where(LtiContext.lti_context_id == OLD)
        ).one()
        found = []
        for one in context_ids:
            course = factories.course(self.session, course_name=one)
            found.append(course)
            self.session.add(
                LtiContext(
                    deployment_id=context.deployment_id,
                    lti_context_id=one,
                    course_id=course.course_id,
                )
            )
        self.session.commit()
        return found

    def questions(self) -> list[str]:
        self.session.rollback()
        new = self.course(NEW).course_id
        return sorted(
            self.session.scalars(
                select(PracticeQuestion.question_text).where(PracticeQuestion.course_id == new)
            )
        )

    def concepts(self) -> list[str]:
        self.session.rollback()
        new = self.course(NEW).course_id
        return sorted(self.session.scalars(select(Concept.name).where(Concept.course_id == new)))


@pytest.fixture
def tab(app: Flask, session: Session, platform: Platform) -> Tab:
    return Tab(app, session, platform)


def test_its_teacher_brings_everything_along(tab: Tab) -> None:
    address = tab.offer(history=f"a-third,{OLD}")
    page = tab.see(address)
    assert "copied this course from <bdi>Old &lt;course&gt;</bdi>" in page
    for words in ("1 file<", "2 concepts and 3 questions in use<", "3 links with settings"):
        assert words in page.replace("</label>", "<")
    there = tab.post(address, "", **ALL)
    assert there.status_code == 303
    assert "Brought along." in tab.see(there.location)
    assert "The files follow" in tab.see(there.location)

    found = {one.title: one for one in activities(tab)}
    assert set(found) == {"Practice: <loops>", "Tutor", "Read"}
    assert found["Tutor"].instruction == "Read first."
    assert found["Practice: <loops>"].due_at is None
    assert tab.concepts() == ["For loops", "Recursion"]
    assert tab.questions() == ["Again?", "One?", "Two?"]
    copy = tab.session.get_one(CourseMaterial, found["Read"].material_id)
    assert copy.course_id == found["Read"].course_id
    jobs = "select count(*) from procrastinate_jobs where task_name = 'materials:copy'"
    assert tab.session.connection().exec_driver_sql(jobs).scalar() == 1
    events = {(one.action, one.course_id) for one in tab.session.scalars(select(AuditEvent))}
    assert ("questions.taken_over", copy.course_id) in events
    assert ("questions.copied_elsewhere", tab.old.course_id) in events
    people = select(Enrollment.student_id).where(Enrollment.course_id == copy.course_id)
    assert len(tab.session.scalars(people).all()) == 1

    assert tab.tab().endswith("/tutor/"), "it has something of its own now"
    assert tab.copied("student-1").endswith("/practice/"), "a copied link finds its activity"


def test_sent_twice_nothing_comes_twice(tab: Tab) -> None:
    address = tab.offer()
    for _ in range(2):
        assert tab.post(address, "", **ALL).status_code == 303
    assert len(activities(tab)) == 3
    assert tab.questions() == ["Again?", "One?", "Two?"]


@pytest.mark.parametrize(
    ("marked", "links", "concepts"),
    [("bank", 0, ["For loops", "Recursion"]), ("links", 3, ["For loops"]), ("files", 0, [])],
)
def test_only_what_is_marked_comes(tab: Tab, marked: str, links: int, concepts: list[str]) -> None:
    address = tab.offer()
    assert tab.post(address, "", **{marked: "1"}).status_code == 303
    assert len(activities(tab)) == links
    assert tab.concepts() == concepts
    assert LINE not in tab.links_page(), "it is not offered for ever"


def test_with_nothing_marked_nothing_comes(tab: Tab) -> None:
    answer = tab.post(tab.offer(), "")
    assert answer.status_code == 422
    assert "Mark what is to come along." in answer.text
    assert activities(tab) == []


def test_who_begins_empty_finds_it_on_the_page_of_links(tab: Tab) -> None:
    address = tab.offer()
    assert tab.see(address).count('/tutor/"') >= 1
    course = tab.course(NEW)
    factories.concept(tab.session, course, name="Own")
    tab.session.commit()
    address = tab.tab()
    assert address.endswith("/tutor/")
    sid = address.split("/")[2]
    page = tab.see(f"/s/{sid}/activities/links/")
    assert LINE in page
    assert "Old &lt;course&gt;" in page
    assert "Old &lt;course&gt;" in tab.see(f"/s/{sid}{OFFER}")


class TestSayingNo:
    def test_it_is_not_offered_again_and_can_be_taken_back(self, tab: Tab) -> None:
        address = tab.offer()
        there = tab.post(address, "decline")
        assert there.status_code == 303
        page = tab.see(there.location)
        assert "is not offered any more" in page
        assert f'href="{address}"' in page, "the way back"
        assert LINE not in tab.links_page()
        assert tab.tab().endswith("/tutor/"), "nor by the tab"
        assert tab.post(address, "", bank="1").status_code == 303
        assert tab.concepts() == ["For loops", "Recursion"]
        declined = select(AuditEvent).where(AuditEvent.action == "source.declined")
        assert tab.session.scalars(declined).one().subject == str(tab.old.course_id)

    def test_twice_is_once(self, tab: Tab) -> None:
        address = tab.offer()
        for _ in range(2):
            assert tab.post(address, "decline").status_code == 303
        events = select(AuditEvent).where(AuditEvent.action == "source.declined")
        assert len(tab.session.scalars(events).all()) == 1

    def test_of_what_nobody_may_know_there_is_no_saying_no(self, tab: Tab) -> None:
        address = tab.tab(history="")
        sid = address.split("/")[2]
        token = tab.see(address).split('name="csrf-token" content="')[1].split('"')[0]
        answer = tab.browser.open(
            f"/s/{sid}{OFFER}decline", method="POST", data={"csrf_token": token}
        )
        assert answer.status_code == 404


def test_a_repaired_link_settles_it_too(tab: Tab) -> None:
    address = tab.copied()
    assert LINE in tab.links_page()
    assert tab.post(address, "take-over", which="one").status_code == 303
    assert LINE not in tab.links_page()


def test_the_nearest_course_that_has_something(tab: Tab, session: Session) -> None:
    _, nearer = tab.known("empty", "Nearer")
    factories.concept(session, nearer, name="Sets")
    session.commit()
    page = tab.see(tab.offer(history=f"empty,Nearer,{OLD}"))
    assert "copied this course from <bdi>Nearer</bdi>" in page
    page = tab.see(tab.offer(history=f"empty,{OLD},Nearer"))
    assert "copied this course from <bdi>Old &lt;course&gt;</bdi>" in page


def test_a_course_whose_files_are_deleted_has_nothing(tab: Tab, session: Session) -> None:
    (emptied,) = tab.known("Emptied")
    factories.material(session, emptied, deleted_at=now())
    session.commit()
    assert "Old &lt;course&gt;" in tab.see(tab.offer(history=f"Emptied,{OLD}"))


def test_forty_courses_behind_it_take_as_many_statements_as_one(tab: Tab) -> None:
    def statements(history: str) -> int:
        sid = tab.tab(history=history).split("/")[2]
        sent: list[str] = []

        def note(*args: object) -> None:
            sent.append(str(args[2]))

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert LINE in tab.see(f"/s/{sid}/activities/links/")
            tab.see(f"/s/{sid}{OFFER}")
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(sent)

    names = [f"empty-{number}" for number in range(40)]
    tab.known(*names)
    one = statements(OLD)
    assert statements(",".join([*names, OLD])) == one


class TestWhoMayKnow:
    """Nobody learns anything of a course that they have no right to (decision 29)."""

    def test_not_without_the_lmss_word(self, tab: Tab) -> None:
        for history in ("", "a-third-course", "$Context.id.history"):
            tab.is_offered_nothing(tab.tab(history=history))

    def test_not_by_a_links_own_custom_values(self, tab: Tab) -> None:
        """A teacher may write them, and so point at a course of their choice."""
        custom = {"context_history": OLD}
        tab.is_offered_nothing(tab.launch("teacher", NEW, custom).location)

    def test_not_where_an_earlier_link_said_so(self, tab: Tab) -> None:
        tab.launch("teacher", NEW, {"context_history": OLD})
        tab.is_offered_nothing(tab.tab(history=""))

    def test_not_by_the_dialog_that_adds_links(self, tab: Tab) -> None:
        """Some LMSs let teachers write custom values of the tools that they add in a course."""
        attempt = tab.browser.begin_deep_linking(tab.platform)
        attempt.claims[lti.CONTEXT] = {"id": NEW, "title": NEW, "label": ""}
        attempt.claims[lti.CUSTOM] = {"context_history": OLD}
        address = attempt.post().location
        assert address.endswith("/activities/new")
        tab.is_offered_nothing(address)
        sid = address.split("/")[2]
        assert LINE not in tab.see(f"/s/{sid}/activities/links/")

    def test_not_for_a_learner_of_the_old_course(self, tab: Tab) -> None:
        tab.tab(history="")
        tab.enroll_in_old("teacher", CourseRole.STUDENT)
        tab.is_offered_nothing(tab.tab())

    def test_not_by_the_word_of_another_lms(self, tab: Tab, session: Session) -> None:
        context = session.scalars(select(LtiContext).where(LtiContext.lti_context_id == OLD)).one()
        other = lms.register(session, tab.platform, client_id="another-tool", deployments=("2",))
        context.deployment_id = other.deployments[0].deployment_id
        session.commit()
        tab.is_offered_nothing(tab.tab())

    @pytest.mark.parametrize("person", ["student-1", "ta", "admin"])
    def test_for_its_teacher_alone(self, tab: Tab, person: str) -> None:
        address = tab.tab(person)
        assert not address.endswith(OFFER)
        sid = address.split("/")[2]
        assert tab.browser.open(f"/s/{sid}{OFFER}").status_code == 403
        kept = tab.session.scalars(
            select(ToolSession.launch_facts).where(ToolSession.session_id == sid)
        ).one()
        assert not (kept or {}).get("copied_from")


def test_a_course_that_is_no_copy_opens_as_ever(tab: Tab) -> None:
    assert tab.tab(history="").endswith("/tutor/")


def test_a_copied_links_page_offers_the_whole_bank_too(tab: Tab) -> None:
    address = tab.copied()
    page = tab.see(address)
    assert "Bring all its 2 concepts and 3 questions in use along, too" in page
    assert tab.post(address, "take-over", which="one", bank="1").status_code == 303
    assert [one.title for one in activities(tab)] == ["Practice: <loops>"]
    assert tab.concepts() == ["For loops", "Recursion"]
    assert tab.questions() == ["Again?", "One?", "Two?"]


def test_where_a_link_is_about_all_of_it_the_bank_is_not_asked_for(app: Flask, copy: Copy) -> None:
    assert 'name="bank"' not in copy.see(copy.copied())


@pytest.fixture
def copy(app: Flask, session: Session, platform: Platform) -> Copy:
    return Copy(app, session, platform)
