"""The demo LMS end to end: a teacher launches, the worker reads, the people are there."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import config
from app.jobs import run_worker
from demo_lms import Platform, faults, persons
from demo_lms.vocabulary import INSTRUCTOR, LEARNER, TOOL_PLATFORM
from models import CourseRole, Enrollment, EnrollmentStatus, LtiContext, User
from tests.launch.conftest import browser, platform, registration, served
from tests.launch.lms import Browser

__all__ = ["browser", "platform", "registration", "served"]

JOBS = text("select count(*) from procrastinate_jobs where task_name = 'roster:read'")


def subject(person: str) -> str:
    return persons.get(person).subject


def people(session: Session) -> dict[str, Enrollment]:
    session.rollback()
    session.expire_all()
    return {one.lti_subject or "": one for one in session.scalars(select(Enrollment))}


def work(session: Session) -> None:
    session.rollback()
    run_worker(config.current(), wait=False)


def test_a_teachers_launch_brings_the_class(
    browser: Browser, platform: Platform, session: Session
) -> None:
    assert browser.launch(platform, "student-1").status_code == 303
    assert session.scalar(JOBS) == 0
    assert browser.launch(platform, "teacher").status_code == 303
    assert browser.launch(platform, "ta").status_code == 303
    session.rollback()
    assert session.scalar(JOBS) == 1, "once an hour is enough"
    work(session)
    found = people(session)
    assert {key: one.role for key, one in found.items()} == {
        subject("teacher"): CourseRole.TEACHER,
        subject("ta"): CourseRole.TA,
        subject("student-1"): CourseRole.STUDENT,
        subject("student-2"): CourseRole.STUDENT,
        subject("student-3"): CourseRole.STUDENT,
    }
    never = found[subject("student-2")]
    assert never.last_launch_at is None and found[subject("student-1")].last_launch_at
    context = session.scalars(select(LtiContext)).one()
    assert context.roster_read_at and not context.roster_error

    assert browser.launch(platform, "student-2").status_code == 303
    came = people(session)[subject("student-2")]
    assert (came.enrollment_id, came.number) == (never.enrollment_id, never.number)
    assert came.last_launch_at is not None
    person = session.get_one(User, came.student_id)
    assert person.email == persons.get("student-2").email and person.last_login is not None
    assert session.scalar(select(func.count()).select_from(User)) == 6  # one is the system's


def test_a_launch_that_is_refused_asks_for_no_roster(
    browser: Browser, platform: Platform, session: Session
) -> None:
    attempt = browser.begin(platform, "teacher")
    attempt.claims["nonce"] = "of another login"
    assert attempt.post().status_code == 401
    assert session.scalar(JOBS) == 0


def test_an_lms_that_is_down_and_up_again(
    browser: Browser, platform: Platform, session: Session
) -> None:
    try:
        faults.set_faults(platform.store, nrps_down=True)
        assert browser.launch(platform, "teacher").status_code == 303
        work(session)
    finally:
        faults.clear_faults(platform.store)
    context = session.scalars(select(LtiContext)).one()
    assert context.roster_error and "did not answer" in context.roster_error
    assert set(people(session)) == {subject("teacher")}


@pytest.mark.parametrize("person", ["student-1", "test-student", "admin"])
def test_only_who_teaches_has_it_read(
    person: str, browser: Browser, platform: Platform, session: Session
) -> None:
    assert browser.launch(platform, person).status_code == 303
    assert session.scalar(JOBS) == 0


def launched(browser: Browser, platform: Platform, person: str) -> str:
    """The address that a launch leads to, of an LMS that says it is Canvas."""
    attempt = browser.begin(platform, person)
    attempt.claims[TOOL_PLATFORM]["product_family_code"] = "canvas"
    return str(attempt.post().headers["Location"])


def becomes(monkeypatch: pytest.MonkeyPatch, person: str, *roles: str) -> None:
    """The LMS's people are others from now on."""
    changed = [replace(one, roles=roles) if one.id == person else one for one in persons.PERSONS]
    monkeypatch.setattr(persons, "PERSONS", tuple(changed))


def an_hour_later(session: Session) -> None:
    session.scalars(select(LtiContext)).one().roster_tried_at = None
    session.commit()


@pytest.mark.parametrize(
    ("person", "page", "roles"),
    [
        ("teacher", "activities/links/", (LEARNER,)),
        ("teacher", "people/", (LEARNER,)),
        ("ta", "people/", (LEARNER,)),
        ("ta", "people/", ()),
    ],
)
def test_who_teaches_no_more_is_out_of_the_teachers_pages_at_the_next_request(
    person: str,
    page: str,
    roles: tuple[str, ...],
    browser: Browser,
    platform: Platform,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their visit is open and they launch nothing: the roster alone says so, by a colleague's."""
    visit = "/".join(launched(browser, platform, person).split("/")[:3])
    work(session)
    assert browser.open(f"{visit}/{page}").status_code == 200
    becomes(monkeypatch, person, *roles)
    an_hour_later(session)
    other = Browser(browser.client.application)
    launched(other, platform, "ta" if person == "teacher" else "teacher")
    work(session)
    assert browser.open(f"{visit}/{page}").status_code == 403
    assert browser.open(f"{visit}/grades/").status_code == 403


def test_a_role_that_grew_in_the_lms_waits_for_a_launch(
    browser: Browser, platform: Platform, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = "/".join(launched(browser, platform, "student-1").split("/")[:3])
    becomes(monkeypatch, "student-1", INSTRUCTOR)
    launched(Browser(browser.client.application), platform, "teacher")
    work(session)
    assert people(session)[subject("student-1")].role is CourseRole.STUDENT
    assert browser.open(f"{visit}/people/").status_code == 403


def test_who_left_has_no_way_in_until_they_launch_again(
    browser: Browser, platform: Platform, session: Session
) -> None:
    page = browser.launch(platform, "student-1").headers["Location"]
    assert browser.open(page).status_code == 200
    row = people(session)[subject("student-1")]
    row.status = EnrollmentStatus.DROPPED
    session.commit()
    assert browser.open(page).status_code == 403
    again = browser.launch(platform, "student-1").headers["Location"]
    assert browser.open(again).status_code == 200
    assert people(session)[subject("student-1")].enrollment_id == row.enrollment_id
