"""An LMS that was set up anew: its courses begin empty until an operator says that it is the same.

The demo LMS registers CourseLLM a second time; the browser and the console speak HTTP.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import config
from app.admin import succession
from app.admin.succession import Succession
from app.extensions import transaction
from app.gradebook.outbox import AWAITS_LAUNCH
from app.jobs import run_worker
from demo_lms import Platform, line_items, links, persons, scores, tools
from demo_lms.tools import Tool
from lti_config import ags
from models import (
    AuditEvent,
    Concept,
    Conversation,
    Course,
    CourseRole,
    Deployment,
    Enrollment,
    Institution,
    LineItem,
    LtiContext,
    Registration,
    RegistrationStatus,
    ScoreOutbox,
    ScoreStatus,
    ServiceToken,
)
from tests import factories
from tests.activities.test_copied_course import Person, half_answered
from tests.admin.conftest import Console, shown
from tests.gradebook.test_killed_worker import until
from tests.launch import lms
from tests.roster.test_killed_worker import waits_for_a_lock


@pytest.fixture
def platform(app: Flask, session: Session, tmp_path: Path) -> Iterator[Platform]:
    with lms.serve(tmp_path, app) as platform:
        lms.register(session, platform)
        yield platform


@pytest.fixture
def placed(app: Flask, session: Session, platform: Platform) -> links.Link:
    """A practice set of two questions, placed by the first registration and half answered."""
    return half_answered(app, session, platform)[2]


@pytest.fixture
def anew(session: Session, platform: Platform, placed: links.Link) -> Platform:
    """The same LMS, registered a second time and approved: it uses the new client id alone."""
    settings = platform.settings
    tools.keep(
        platform,
        Tool(
            client_id="second",
            manner="moodle",
            name="CourseLLM",
            deployment_id="2",
            is_active=True,
            scopes=settings.tool_scopes,
            claims=settings.tool_claims,
            custom=settings.tool_custom,
            placements=(),
        ),
    )
    tools.switch_on(platform, "second")
    again = tools.in_use(platform)
    lms.register(session, again)
    return again


def deployment_of(session: Session, platform: Platform) -> UUID:
    session.rollback()
    return session.scalars(
        select(Deployment.deployment_id)
        .join(Registration, Registration.registration_id == Deployment.registration_id)
        .where(Registration.client_id == platform.settings.client_id)
    ).one()


def take_over(console: Console, session: Session, old: Platform, new: Platform) -> str:
    address = f"/deployments/{deployment_of(session, new)}/courses"
    return console.done(address, old=str(deployment_of(session, old)))


def test_a_course_goes_on_when_the_operator_says_so(
    app: Flask,
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
    placed: links.Link,
) -> None:
    teacher, student = Person(app, "teacher"), Person(app, "student-1")
    student.launch(anew, placed)
    assert "This course was here before" in student.page
    assert "Nothing of yours is lost." in student.page
    teacher.launch(anew, placed)
    assert "This course was here before" in teacher.page
    assert "Take courses over" in teacher.page and "It was copied" not in teacher.page
    before = session.scalars(select(Course.course_id).order_by(Course.created_at)).all()
    assert len(before) == 2, "nothing is handed over silently"
    student.follow(re.findall(r'href="([^"]*/tutor/)"', student.page)[-1])
    student.send("tutor/ask", question="Who is there?")
    session.rollback()
    asked = session.scalars(select(Conversation)).one()
    assert asked.course_id == before[1]

    row = session.scalars(select(Registration).where(Registration.client_id == "second")).one()
    page = shown(console.get(f"/platforms/{row.platform_id}"))
    assert "1 of its courses came by another deployment before" in page
    page = take_over(console, session, platform, anew)
    assert "1 course goes on here now." in page and "Disable the former" in page
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.event_id.desc())).first()
    assert event and event.action == "deployment.took_courses_over"
    assert event.details and event.details["dropped"] == "1"

    student.launch(anew, placed)
    assert "1 of 2 questions answered." in student.page
    student.send("practice/answer", answer="b")
    run_worker(config.current(), wait=False)
    [column] = line_items.listed(platform.store)
    subject = persons.get("student-1").subject
    assert scores.results(anew, column, subject)[0]["resultScore"] == 10
    session.expire_all()
    assert session.scalars(select(Course.course_id)).all() == before[:1], "the empty one made room"
    assert asked.course_id == before[0] and asked.message_count == 1, (
        "what was asked there meanwhile is kept"
    )
    assert session.scalar(select(func.count()).select_from(ScoreOutbox)) == 1


def test_what_was_asked_in_a_course_that_makes_room_goes_along(
    session: Session, platform: Platform, anew: Platform
) -> None:
    """Into the same course, whatever else is there; who has a conversation goes on with it."""
    old_id, new_id = deployment_of(session, platform), deployment_of(session, anew)
    registration_id = session.get_one(Deployment, new_id).registration_id
    third = Deployment(
        registration_id=registration_id, lti_deployment_id="third", status=RegistrationStatus.ACTIVE
    )
    session.add(third)
    session.flush()
    session.execute(delete(LtiContext))

    def course(where: UUID, name: str) -> Course:
        made = factories.course(session)
        session.execute(delete(LtiContext).where(LtiContext.course_id == made.course_id))
        session.add(LtiContext(deployment_id=where, lti_context_id=name, course_id=made.course_id))
        return made

    course(third.deployment_id, "makes room")
    old, new = course(old_id, "makes room"), course(new_id, "makes room")
    course(old_id, "stays")
    stays = course(new_id, "stays")
    factories.concept(session, stays, name="Begun")
    ada, ben = (factories.member(session, old, CourseRole.STUDENT).student_id for _ in range(2))

    def asked(where: Course, student_id: UUID) -> Conversation:
        made = Conversation(course_id=where.course_id, student_id=student_id)
        session.add(made)
        session.flush()
        return made

    before, ada_s, ben_s, elsewhere = (
        asked(where, who) for where, who in ((old, ada), (new, ada), (new, ben), (stays, ben))
    )
    session.commit()
    places = (succession.place_of(session, one) for one in (old_id, new_id))
    done = succession.succeed(session, *places)
    session.commit()
    assert (done.moved, done.left, done.dropped) == (1, 0, 1)
    for one in (before, ada_s, ben_s, elsewhere):
        session.refresh(one)
    assert {one.course_id for one in (before, ada_s, ben_s)} == {old.course_id}
    assert elsewhere.course_id == stays.course_id and elsewhere.is_active
    assert [one.is_active for one in (before, ada_s, ben_s)] == [True, False, True]
    assert ada_s.ended_at and not ben_s.ended_at


def test_a_former_course_in_which_somebody_asked_is_counted(
    session: Session, platform: Platform, anew: Platform
) -> None:
    old_id, new_id = deployment_of(session, platform), deployment_of(session, anew)
    old, new = factories.course(session), factories.course(session)
    session.execute(delete(LtiContext))
    for course, where in ((old, old_id), (new, new_id)):
        session.add(
            LtiContext(deployment_id=where, lti_context_id="same", course_id=course.course_id)
        )
    factories.concept(session, new, name="Begun")
    student = factories.member(session, old, CourseRole.STUDENT)
    session.add(Conversation(course_id=old.course_id, student_id=student.student_id))
    session.commit()
    place = succession.place_of(session, new_id)
    assert [one.courses for one in succession.predecessors(session, place)] == [1]
    done = succession.succeed(session, succession.place_of(session, old_id), place)
    assert (done.moved, done.left) == (0, 1), "left, and said"


def test_what_has_work_in_it_by_now_is_left(
    app: Flask,
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
    placed: links.Link,
) -> None:
    teacher = Person(app, "teacher")
    teacher.launch(anew, placed)
    new_course = session.scalars(select(Course).order_by(Course.created_at.desc())).first()
    assert new_course
    factories.concept(session, new_course, name="Begun")
    session.commit()
    page = take_over(console, session, platform, anew)
    assert "No course was taken over." in page and "1 was left where it is" in page
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(Course)) == 2
    assert len(session.scalars(select(LtiContext.deployment_id).distinct()).all()) == 2


def test_what_nobody_opened_anew_comes_along_too(
    app: Flask,
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
    placed: links.Link,
) -> None:
    """With its institution, if the new deployment has none."""
    old = session.get_one(Deployment, deployment_of(session, platform))
    school = Institution(name="Lakeside")
    session.add(school)
    session.flush()
    old.institution_id = school.institution_id
    school_id = school.institution_id
    session.commit()
    assert "1 course goes on here now." in take_over(console, session, platform, anew)
    session.rollback()
    session.expire_all()
    context = session.scalars(select(LtiContext)).one()
    assert context.deployment_id == deployment_of(session, anew)
    new = session.get_one(Deployment, context.deployment_id)
    assert new.institution_id == school_id
    members = session.scalar(select(func.count()).select_from(Enrollment))
    Person(app, "student-1").launch(anew, placed)
    assert session.scalar(select(func.count()).select_from(Enrollment)) == members


def test_a_score_that_waits_goes_out_by_the_new_registration(
    app: Flask,
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
    placed: links.Link,
) -> None:
    student = Person(app, "student-1")
    student.launch(platform, placed)
    student.send("practice/answer", answer="b")
    take_over(console, session, platform, anew)
    old = session.scalars(
        select(Registration).where(Registration.client_id == platform.settings.client_id)
    ).one()
    old.status = RegistrationStatus.DISABLED
    session.commit()
    run_worker(config.current(), wait=False)
    [column] = line_items.listed(platform.store)
    subject = persons.get("student-1").subject
    assert scores.results(anew, column, subject)[0]["resultScore"] == 10


def _answered(app: Flask, platform: Platform, placed: links.Link) -> None:
    student = Person(app, "student-1")
    student.launch(platform, placed)
    student.send("practice/answer", answer="b")


def _score(session: Session) -> ScoreOutbox:
    session.rollback()
    session.expire_all()
    return session.scalars(select(ScoreOutbox)).one()


def test_a_score_that_the_former_registration_was_refused_goes_out_by_the_new_one(
    app: Flask,
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
    placed: links.Link,
) -> None:
    _answered(app, platform, placed)
    session.rollback()
    session.execute(delete(ServiceToken))  # it has run out
    session.commit()
    run_worker(config.current(), wait=False)
    row = _score(session)
    assert row.status is ScoreStatus.REFUSED
    assert (row.last_error or "").startswith("The LMS does not accept CourseLLM's key")
    page = take_over(console, session, platform, anew)
    assert "1 score that waited, or that the LMS refused the former" in page
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.event_id.desc())).first()
    assert event and event.details and event.details["scores"] == "1"
    run_worker(config.current(), wait=False)
    assert _score(session).status is ScoreStatus.SENT
    [column] = line_items.listed(platform.store)
    subject = persons.get("student-1").subject
    assert scores.results(anew, column, subject)[0]["resultScore"] == 10


def test_a_column_under_another_address_is_waited_for_until_a_launch_names_it(
    app: Flask,
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
    placed: links.Link,
) -> None:
    _answered(app, platform, placed)
    take_over(console, session, platform, anew)
    session.execute(update(LtiContext).values(ags_scopes=[ags.SCORE_SCOPE]))  # may not look
    session.commit()
    [old] = line_items.listed(platform.store)
    assert old.id
    line_items.delete(platform.store, old.id)
    fresh = line_items.create(
        platform.store,
        {"label": "Set", "scoreMaximum": 10, "resourceLinkId": placed.id, "resourceId": "x"},
    )
    run_worker(config.current(), wait=False)
    row = _score(session)
    assert row.status is ScoreStatus.WAITING
    assert (row.last_error or "").startswith(AWAITS_LAUNCH) and row.next_try_at

    teacher = Person(app, "teacher")
    teacher.launch(anew, placed)
    run_worker(config.current(), wait=False)
    row = _score(session)
    assert (row.status, row.last_error) == (ScoreStatus.SENT, None)
    subject = persons.get("student-1").subject
    assert scores.results(anew, fresh, subject)[0]["resultScore"] == 10
    column = session.scalars(select(LineItem)).one()
    assert column.url == line_items.item_url(anew.settings, fresh.id)
    assert column.inherited_at is None


def test_work_begun_that_moment_is_not_dropped(
    app: Flask,
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
    placed: links.Link,
) -> None:
    """A teacher's first work is being stored while the operator presses the button."""
    Person(app, "teacher").launch(anew, placed)
    session.rollback()
    new_course = session.scalars(select(Course).order_by(Course.created_at.desc())).first()
    assert new_course
    course_id = new_course.course_id
    old_id, new_id = deployment_of(session, platform), deployment_of(session, anew)
    factories.concept(session, session.get_one(Course, course_id), name="Begun")

    def press() -> Succession:
        with app.app_context(), transaction() as other:
            places = [succession.place_of(other, one) for one in (old_id, new_id)]
            return succession.succeed(other, *places)

    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(press)
        try:
            until(lambda: waits_for_a_lock() or pressed.done(), 60)
        finally:
            session.commit()
        done = pressed.result(timeout=60)
    assert (done.moved, done.left, done.dropped) == (0, 1, 0)
    session.expire_all()
    assert session.get(Course, course_id) is not None
    assert session.scalars(select(Concept.name)).all().count("Begun") == 1


def test_what_was_merely_opened_before_is_no_course_to_take_over(
    app: Flask,
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
) -> None:
    """The new registration has the work; under the former one there is nothing to miss."""
    [deployment] = [deployment_of(session, anew)]
    old_id = deployment_of(session, platform)
    old, new = factories.course(session), factories.course(session)
    session.execute(delete(LtiContext))
    for course, where in ((old, old_id), (new, deployment)):
        session.add(
            LtiContext(deployment_id=where, lti_context_id="same", course_id=course.course_id)
        )
        session.flush()
    factories.concept(session, new, name="Begun")
    session.commit()
    place = succession.place_of(session, deployment)
    assert succession.predecessors(session, place) == []
    followers = succession.followers(session, place.platform.platform_id)
    assert deployment not in followers
    page = shown(console.get(f"/deployments/{deployment}/courses"))
    assert "No other deployment of this platform has a course" in page
    done = succession.succeed(session, succession.place_of(session, old_id), place)
    assert (done.moved, done.left, done.dropped) == (0, 0, 0)
    session.rollback()

    factories.concept(session, session.get_one(Course, old.course_id), name="Before")
    session.commit()
    place = succession.place_of(session, deployment)
    assert [one.courses for one in succession.predecessors(session, place)] == [1]
    assert succession.followers(session, place.platform.platform_id)[deployment] == 1
    done = succession.succeed(session, succession.place_of(session, old_id), place)
    assert (done.moved, done.left) == (0, 1)


def test_only_within_one_platform_and_one_school(
    session: Session,
    console: Console,
    platform: Platform,
    anew: Platform,
    placed: links.Link,
    tmp_path: Path,
) -> None:
    """Another key set may name the same ids for others; another school's courses are its own."""
    new = deployment_of(session, anew)
    stranger = lms.register(
        session,
        replace(platform, settings=replace(platform.settings, client_id="third")),
        issuer="https://other.example",
        jwks_url="https://other.example/jwks",
    )
    theirs = session.scalars(
        select(Deployment.deployment_id).where(
            Deployment.registration_id == stranger.registration_id
        )
    ).one()
    address = f"/deployments/{theirs}/courses"
    assert "No other deployment of this platform" in shown(console.get(address))
    for old in (deployment_of(session, platform), new, "x", ""):
        assert console.post(address, old=str(old)).status_code == 422
    old_id = deployment_of(session, platform)
    for deployment, name in ((new, "A"), (old_id, "B")):
        school = Institution(name=name)
        session.add(school)
        session.flush()
        session.get_one(Deployment, deployment).institution_id = school.institution_id
    session.commit()
    answer = console.post(f"/deployments/{new}/courses", old=str(old_id))
    assert answer.status_code == 422
    assert session.scalar(select(func.count()).select_from(Course)) == 1
    assert console.open(f"/deployments/{stranger.registration_id}/courses").status_code == 404
