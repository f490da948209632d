"""Links of a copied course: who may know where they come from, and what is brought along."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.materials.files.storage import storage
from demo_lms import Platform
from demo_lms import vocabulary as lti
from models import (
    Activity,
    ActivityKind,
    AuditEvent,
    Concept,
    Course,
    CourseMaterial,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LineItem,
    LtiContext,
    LtiIdentity,
    PracticeQuestion,
    ResourceLink,
    ScorePolicy,
    StudentAttempt,
)
from tests import factories
from tests.launch import lms
from tests.launch.lms import Browser

OLD, NEW = "old-course", "new-course"


@pytest.fixture
def platform(app: Flask, session: Session, tmp_path: Any) -> Iterator[Platform]:
    with lms.serve(tmp_path, app) as platform:
        lms.register(session, platform)
        yield platform


class Copy:
    """An old course with a practice set, and the new course that the LMS copied it to."""

    def __init__(self, app: Flask, session: Session, platform: Platform) -> None:
        self.app, self.session, self.platform = app, session, platform
        self.browser = Browser(app)
        self.launch("admin", OLD, {})
        self.old = self.course(OLD)
        self.old.course_name = "Old <course>"
        self.concept: Concept = factories.concept(
            session, self.old, name="For loops", keywords=["iteration"], description="Again"
        )
        self.author = factories.user(session)
        for text in ("One?", "Two?"):
            factories.question(
                session, self.concept, question_text=text, created_by=self.author.user_id
            )
        factories.question(
            session,
            self.concept,
            question_text="Out?",
            is_active=False,
            created_by=self.author.user_id,
        )
        self.activity = self.add(
            title="Practice: <loops>",
            concepts=[self.concept],
            points=Decimal(10),
            question_count=2,
            score_policy=ScorePolicy.AVERAGE,
            due_at=datetime(2025, 5, 1, tzinfo=UTC),
        )
        session.commit()

    def add(self, kind: ActivityKind = ActivityKind.PRACTICE, **given: Any) -> Activity:
        activity = Activity(
            course_id=self.old.course_id, kind=kind, created_by=self.author.user_id, **given
        )
        self.session.add(activity)
        self.session.flush()
        return activity

    def course(self, context_id: str) -> Course:
        self.session.rollback()
        return self.session.scalars(
            select(Course)
            .join(LtiContext, LtiContext.course_id == Course.course_id)
            .where(LtiContext.lti_context_id == context_id)
        ).one()

    def launch(
        self, person: str, context_id: str, custom: dict[str, str], link: str = "l-1", **claims: Any
    ) -> TestResponse:
        """A launch of a link of that course; where it leads."""
        attempt = self.browser.begin(self.platform, person)
        attempt.claims[lti.CONTEXT] = {"id": context_id, "title": context_id, "label": ""}
        attempt.claims[lti.RESOURCE_LINK] = {"id": link, "title": "Copied"}
        attempt.claims[lti.AGS_ENDPOINT].pop("lineitem", None)
        attempt.claims[lti.AGS_ENDPOINT] |= claims
        attempt.claims[lti.CUSTOM] = custom
        answer = attempt.post()
        assert answer.status_code == 303, answer.text
        return answer

    def copied(self, person: str = "teacher", history: str = OLD, **more: Any) -> str:
        """The address that a copied link leads to, in the new course."""
        custom = {
            "activity": str(self.activity.activity_id),
            "context_history": f"other, {history}",
        }
        return self.launch(person, NEW, custom, **more).location

    def see(self, address: str) -> str:
        page = self.browser.open(address)
        assert page.status_code == 200, page.text
        return page.text

    def post(self, address: str, what: str, **form: Any) -> TestResponse:
        page = self.see(address)
        token = page.split('name="csrf-token" content="')[1].split('"')[0]
        return self.browser.open(address + what, method="POST", data={"csrf_token": token, **form})

    def link(self, name: str = "l-1") -> ResourceLink:
        self.session.rollback()
        self.session.expire_all()
        return self.session.scalars(
            select(ResourceLink)
            .join(LtiContext, LtiContext.context_id == ResourceLink.context_id)
            .where(ResourceLink.lti_resource_link_id == name, LtiContext.lti_context_id == NEW)
        ).one()

    def enroll_in_old(self, person: str, role: CourseRole, **given: Any) -> None:
        """The person of the LMS, as a member of the old course."""
        self.session.rollback()
        subject = lms.persons.get(person).subject
        user = self.session.scalars(
            select(LtiIdentity.user_id).where(LtiIdentity.subject == subject)
        ).one_or_none()
        assert user is not None, "launch somewhere first"
        self.session.add(
            Enrollment(student_id=user, course_id=self.old.course_id, role=role, number=99, **given)
        )
        self.session.commit()


@pytest.fixture
def copy(app: Flask, session: Session, platform: Platform) -> Copy:
    return Copy(app, session, platform)


def activities(copy: Copy) -> list[Activity]:
    copy.session.rollback()
    copy.session.expire_all()
    course = copy.course(NEW)
    return list(
        copy.session.scalars(
            select(Activity)
            .where(Activity.course_id == course.course_id)
            .order_by(Activity.created_at)
        )
    )


def test_the_lms_own_history_is_kept(copy: Copy) -> None:
    copy.copied(history=f" {OLD},, truncated")
    context = copy.session.scalars(select(LtiContext).where(LtiContext.lti_context_id == NEW)).one()
    assert context.ancestors == ["other", OLD, "truncated"]
    copy.copied(history="")
    copy.session.refresh(context)
    assert context.ancestors == ["other"]
    copy.copied(history="urn%3Acourse%3A7%2C8,$Context.id.history")
    copy.session.refresh(context)
    assert context.ancestors == ["other", "urn:course:7,8"], "each id is URL-encoded"


def test_a_teacher_is_told_where_it_comes_from_and_takes_it_over(copy: Copy) -> None:
    address = copy.copied(lineitem=f"{copy.platform.settings.issuer}/items/new")
    assert address.endswith("/activities/lost/")
    page = copy.see(address)
    assert "copied from <bdi>Old &lt;course&gt;</bdi>" in page
    assert "“<bdi>Practice: &lt;loops&gt;</bdi>”" in page

    there = copy.post(address, "take-over")
    assert there.status_code == 303
    assert there.location.endswith("/activities/links/?saved=taken-over")
    assert "Taken over." in copy.see(there.location)
    [mine] = activities(copy)
    assert mine.copied_from_id == copy.activity.activity_id
    assert (mine.title, mine.points, mine.question_count) == ("Practice: <loops>", 10, 2)
    assert mine.score_policy is ScorePolicy.AVERAGE
    assert mine.due_at is None
    [concept] = mine.concepts
    assert (concept.course_id, concept.name) == (mine.course_id, "For loops")
    assert (concept.keywords, concept.description) == (["iteration"], "Again")
    questions = copy.session.scalars(
        select(PracticeQuestion).where(PracticeQuestion.course_id == mine.course_id)
    ).all()
    assert {question.question_text for question in questions} == {"One?", "Two?"}
    assert copy.author.user_id not in {question.created_by for question in questions}
    link = copy.link()
    assert (link.activity_id, link.named_activity_id) == (mine.activity_id, None)
    column = copy.session.scalars(select(LineItem)).one()
    assert column.activity_id == mine.activity_id
    assert column.resource_link_id == link.resource_link_id

    assert copy.copied().endswith("/practice/")
    assert copy.copied("student-1").endswith("/practice/")
    events = {(event.action, event.course_id) for event in copy.session.scalars(select(AuditEvent))}
    assert ("activity.taken_over", mine.course_id) in events
    assert ("activity.copied_elsewhere", copy.old.course_id) in events
    assert ("link.repaired", mine.course_id) in events


def test_no_people_answers_or_grades_come_along(copy: Copy) -> None:
    learner = factories.member(copy.session, copy.old, lti_subject="somebody-old")
    question = copy.session.scalars(select(PracticeQuestion)).first()
    assert question is not None
    copy.session.add(
        StudentAttempt(
            student_id=learner.student_id,
            question_id=question.question_id,
            submitted_answer="b",
            activity_id=copy.activity.activity_id,
        )
    )
    copy.session.commit()
    copy.post(copy.copied(), "take-over")
    [mine] = activities(copy)
    members = copy.session.scalars(
        select(Enrollment.student_id).where(Enrollment.course_id == mine.course_id)
    ).all()
    assert learner.student_id not in members
    attempts = copy.session.scalars(select(StudentAttempt)).all()
    assert [one.activity_id for one in attempts] == [copy.activity.activity_id]


def test_pressed_twice_it_is_taken_over_once(copy: Copy) -> None:
    address = copy.copied()
    page = copy.see(address)
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    for there in ("/activities/links/?saved=taken-over", "/practice/"):
        answer = copy.browser.open(f"{address}take-over", method="POST", data={"csrf_token": token})
        assert answer.status_code == 303
        assert answer.location.endswith(there)
    assert len(activities(copy)) == 1


def test_pressed_in_two_windows_at_once_it_is_taken_over_once(copy: Copy) -> None:
    addresses = [copy.copied(), copy.copied()]
    tokens = [
        copy.see(address).split('name="csrf-token" content="')[1].split('"')[0]
        for address in addresses
    ]

    def press(number: int) -> int:
        cookies = Browser(copy.app)
        cookies.client = copy.browser.client
        data = {"csrf_token": tokens[number]}
        address = f"{addresses[number]}take-over"
        return cookies.open(address, method="POST", data=data).status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(press, range(2))) == [303, 303]
    assert len(activities(copy)) == 1
    concepts = copy.session.scalars(select(Concept.name)).all()
    assert sorted(concepts) == ["For loops", "For loops"]


def test_the_courses_own_concept_and_questions_are_used(copy: Copy) -> None:
    address = copy.copied()
    course = copy.course(NEW)
    own = factories.concept(copy.session, course, name="for LOOPS")
    factories.question(copy.session, own, question_text="One?")
    copy.session.commit()
    copy.post(address, "take-over")
    [mine] = activities(copy)
    assert [one.concept_id for one in mine.concepts] == [own.concept_id]
    texts = copy.session.scalars(
        select(PracticeQuestion.question_text).where(PracticeQuestion.concept_id == own.concept_id)
    ).all()
    assert sorted(texts) == ["One?", "Two?"]


class TestWhoMayKnow:
    """Nobody learns anything of a course that they have no right to."""

    @staticmethod
    def sees_nothing(copy: Copy, address: str) -> None:
        page = copy.see(address)
        assert "This link has to be set up again" in page
        assert "Old" not in page
        assert "&lt;loops&gt;" not in page
        assert "For loops" not in page
        assert copy.post(address, "take-over").status_code == 404
        assert activities(copy) == []

    def test_not_without_the_lmss_word(self, copy: Copy) -> None:
        self.sees_nothing(copy, copy.copied(history="a-third-course"))

    def test_not_for_a_learner_of_the_old_course(self, copy: Copy) -> None:
        address = copy.copied()
        copy.enroll_in_old("teacher", CourseRole.STUDENT)
        self.sees_nothing(copy, address)

    def test_not_for_one_who_was_a_learner_there(self, copy: Copy) -> None:
        address = copy.copied()
        copy.enroll_in_old("teacher", CourseRole.STUDENT, status=EnrollmentStatus.DROPPED)
        self.sees_nothing(copy, address)

    def test_for_its_teacher_whatever_the_lms_says(self, copy: Copy) -> None:
        address = copy.copied(history="")
        copy.enroll_in_old("teacher", CourseRole.TEACHER)
        assert "Old &lt;course&gt;" in copy.see(address)
        assert copy.post(address, "take-over").status_code == 303

    def test_not_for_one_who_taught_it_once(self, copy: Copy) -> None:
        address = copy.copied(history="")
        copy.enroll_in_old("teacher", CourseRole.TEACHER, status=EnrollmentStatus.DROPPED)
        self.sees_nothing(copy, address)

    def test_not_by_the_word_of_another_lms(self, copy: Copy, session: Session) -> None:
        """Another registration's context may have the same id."""
        context = copy.session.scalars(
            select(LtiContext).where(LtiContext.lti_context_id == OLD)
        ).one()
        other = lms.register(
            session,
            copy.platform,
            client_id="another-tool",
            deployments=("2",),
        )
        context.deployment_id = other.deployments[0].deployment_id
        session.merge(context)
        session.commit()
        copy.session.commit()
        self.sees_nothing(copy, copy.copied())

    def test_not_for_an_activity_that_is_gone(self, copy: Copy) -> None:
        custom = {"activity": str(uuid.uuid4()), "context_history": OLD}
        address = copy.launch("teacher", NEW, custom).location
        self.sees_nothing(copy, address)


class TestOthers:
    def test_a_student_reads_a_calm_page(self, copy: Copy) -> None:
        address = copy.copied("student-1")
        page = copy.see(address)
        assert "Your teacher has to do that." in page
        assert "Open the tutor" in page
        assert "Old" not in page
        for what in ("take-over", "choose", "anew"):
            assert copy.post(address, what).status_code == 403

    def test_once_it_is_repaired_the_same_page_leads_there(self, copy: Copy) -> None:
        student = Copy.__new__(Copy)
        student.__dict__ |= copy.__dict__ | {"browser": Browser(copy.app)}
        waiting = student.copied("student-1")
        copy.post(copy.copied(), "take-over")
        there = student.browser.open(waiting)
        assert there.status_code == 303
        assert there.location.endswith("/practice/")
        assert "Practice: &lt;loops&gt;" in student.see(there.location) or "For loops" in (
            student.see(there.location)
        )


class TestOtherWays:
    def test_one_of_this_courses_activities(self, copy: Copy) -> None:
        address = copy.copied()
        course = copy.course(NEW)
        own = Activity(
            course_id=course.course_id,
            kind=ActivityKind.TUTOR,
            title="Own tutor",
            created_by=copy.author.user_id,
        )
        copy.session.add(own)
        copy.session.commit()
        assert "Own tutor" in copy.see(address)
        there = copy.post(address, "choose", activity=str(own.activity_id))
        assert there.location.endswith("/tutor/")
        assert copy.link().activity_id == own.activity_id
        assert copy.copied("student-1").endswith("/tutor/")

    def test_never_one_of_another_course(self, copy: Copy) -> None:
        address = copy.copied()
        answer = copy.post(address, "choose", activity=str(copy.activity.activity_id))
        assert answer.status_code == 404
        assert copy.link().activity_id is None

    def test_set_up_anew(self, copy: Copy) -> None:
        address = copy.copied(lineitem=f"{copy.platform.settings.issuer}/items/new")
        form = {
            "kind": "practice",
            "new_concept": "While loops",
            "count": "3",
            "points": "6",
            "grade": "last",
            "title": "Mine",
        }
        assert copy.post(address, "anew", **{**form, "count": "0"}).status_code == 422
        there = copy.post(address, "anew", **form)
        assert there.location.endswith("/practice/")
        [mine] = activities(copy)
        assert (mine.title, mine.points, mine.copied_from_id) == ("Mine", 6, None)
        assert copy.link().activity_id == mine.activity_id
        assert copy.session.scalars(select(LineItem)).one().activity_id == mine.activity_id

    def test_without_a_column_it_is_practice_without_a_grade(self, copy: Copy) -> None:
        address = copy.copied()
        assert "no grade column for this link" in copy.see(address)
        form = {"kind": "practice", "new_concept": "While loops", "count": "3", "points": "6"}
        copy.post(address, "anew", **form)
        assert activities(copy)[0].points is None


class TestAllAtOnce:
    @pytest.fixture
    def whole(self, copy: Copy) -> Copy:
        """The old course has a tutor link and a reading, too; another link was opened already."""
        material_id = uuid.uuid4()
        stored = storage().save(BytesIO(b"# Week 4\n\nStrings."), material_id)
        material = factories.material(
            copy.session,
            copy.old,
            material_id=material_id,
            title="Week 4 by hand",
            storage_path=stored.path,
            uploader_id=copy.author.user_id,
            details={"name": "week-4.md"},
        )
        copy.tutor = copy.add(ActivityKind.TUTOR, title="Tutor", instruction="Read first.")
        copy.reading = copy.add(
            ActivityKind.MATERIAL, title="Read", material_id=material.material_id, page=1
        )
        copy.session.commit()
        return copy

    def test_links_that_were_opened_and_those_that_were_not(self, whole: Copy) -> None:
        opened = {"activity": str(whole.tutor.activity_id), "context_history": OLD}
        whole.launch("student-1", NEW, opened, link="l-2")
        address = whole.copied()
        assert "All 3 of that course" in whole.see(address)
        assert whole.post(address, "take-over", which="all").status_code == 303
        found = {one.copied_from_id: one for one in activities(whole)}
        assert len(found) == 3
        tutor = found[whole.tutor.activity_id]
        assert tutor.instruction == "Read first."
        assert whole.link("l-2").activity_id == tutor.activity_id
        later = {"activity": str(whole.reading.activity_id), "context_history": OLD}
        there = whole.launch("student-1", NEW, later, link="l-3").location
        assert there.endswith("/activities/reading")
        material = whole.session.get_one(
            CourseMaterial, found[whole.reading.activity_id].material_id
        )
        assert material.course_id == tutor.course_id
        assert material.title == "Week 4 by hand"
        with storage().local(material.storage_path) as path:
            assert path.read_bytes() == b"# Week 4\n\nStrings."

    def test_the_files_come_along_where_that_is_wished(self, whole: Copy) -> None:
        address = whole.copied()
        there = whole.post(address, "take-over", which="one", files="1").location
        assert "The files follow: Materials shows how far they are." in whole.see(there)
        lms_jobs = "select count(*) from procrastinate_jobs where task_name = 'materials:copy'"
        whole.session.rollback()
        assert whole.session.connection().exec_driver_sql(lms_jobs).scalar() == 1

    def test_a_reading_whose_file_is_gone_is_told(self, whole: Copy) -> None:
        material = whole.session.scalars(select(CourseMaterial)).one()
        storage().delete(material.storage_path)
        custom = {"activity": str(whole.reading.activity_id), "context_history": OLD}
        address = whole.launch("teacher", NEW, custom).location
        answer = whole.post(address, "take-over", which="one")
        assert answer.status_code == 422
        assert "file or concepts are gone" in answer.text
        assert activities(whole) == []
