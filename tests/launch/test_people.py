"""Who comes: people are known by (platform, subject) alone, roles are those of the last launch."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo_lms import Platform
from demo_lms import vocabulary as lti
from models import (
    Course,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LtiIdentity,
    ToolSession,
    User,
    UserRole,
)
from tests.launch.lms import Browser

TEACHING = f"{lti.MEMBERSHIP}#Instructor"
ASSISTING = f"{lti.MEMBERSHIP}/Instructor#TeachingAssistant"
ADMINISTRATOR = lti.INSTITUTION_ADMINISTRATOR


def launch(browser: Browser, platform: Platform, **claims: Any) -> None:
    attempt = browser.begin(platform)
    attempt.claims |= claims
    attempt.claims = {name: value for name, value in attempt.claims.items() if value is not None}
    answer = attempt.post()
    assert answer.status_code == 303, answer.text


def people(session: Session) -> list[User]:
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(User).where(User.sso_id != "system").order_by(User.email)))


def memberships(session: Session) -> list[Enrollment]:
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(Enrollment).order_by(Enrollment.number)))


def test_one_subject_on_two_platforms_is_two_people(
    browser: Browser, platform: Platform, other_platform: Platform, session: Session
):
    launch(browser, platform, sub="5", email="ada@one.example")
    launch(browser, other_platform, sub="5", email="bob@two.example")
    assert [one.email for one in people(session)] == ["ada@one.example", "bob@two.example"]
    assert len(session.scalars(select(Course)).all()) == 2


def test_one_address_on_two_platforms_is_two_people(
    browser: Browser, platform: Platform, other_platform: Platform, session: Session
):
    launch(browser, platform, sub="5", email="ada@example.org")
    launch(browser, other_platform, sub="9", email="ada@example.org")
    first, second = sorted(people(session), key=lambda one: one.email.endswith(".invalid"))
    assert first.email == "ada@example.org"
    assert second.email == f"{second.user_id}@users.invalid"
    assert first.sso_id != second.sso_id
    kept = session.scalars(select(LtiIdentity.email)).all()
    assert kept == ["ada@example.org", "ada@example.org"]


def test_one_person_in_two_courses_is_one_person(
    browser: Browser, platform: Platform, session: Session
):
    launch(browser, platform)
    launch(browser, platform, **{lti.CONTEXT: {"id": "other", "title": "Other"}})
    assert len(people(session)) == 1
    assert {one.number for one in memberships(session)} == {1}
    assert len(memberships(session)) == 2


def test_no_name_and_no_address(browser: Browser, platform: Platform, session: Session):
    launch(browser, platform, name=None, given_name=None, family_name=None, email=None)
    (person,) = people(session)
    assert (person.first_name, person.last_name) == ("", "")
    assert person.email == f"{person.user_id}@users.invalid"
    assert person.user_id not in {one.user_id for one in people(session) if one.first_name}


def test_a_merged_person_stays_two(browser: Browser, platform: Platform, session: Session):
    """After a merge Canvas may name one person by two subjects, in two courses or in one."""
    same = {"given_name": "Ada", "family_name": "Novak", "email": "ada@example.org"}
    launch(browser, platform, sub="before-merge", **same)
    launch(browser, platform, sub="after-merge", **same)
    launch(browser, platform, sub="before-merge", **same, **{lti.CONTEXT: {"id": "other"}})
    first, second = people(session)
    assert first.user_id != second.user_id and first.sso_id != second.sso_id
    assert {one.email for one in (first, second)} > {"ada@example.org"}
    known = session.execute(select(LtiIdentity.subject, LtiIdentity.user_id)).all()
    assert {subject for subject, _ in known} == {"before-merge", "after-merge"}
    assert {user for _, user in known} == {first.user_id, second.user_id}
    by_subject = sorted((one.lti_subject or "", one.student_id) for one in memberships(session))
    assert len(by_subject) == 3 and len({user for _, user in by_subject}) == 2


def test_an_address_that_changes_hands(browser: Browser, platform: Platform, session: Session):
    """The LMS gives a person's former address to somebody else: nobody becomes anybody."""
    launch(browser, platform, sub="old", email="office@example.org")
    launch(browser, platform, sub="new", email="office@example.org")
    launch(browser, platform, sub="old", email="private@example.org")
    subjects = {
        identity.subject: session.get_one(User, identity.user_id).email
        for identity in session.scalars(select(LtiIdentity))
    }
    assert subjects["old"] == "private@example.org"
    assert subjects["new"].endswith("@users.invalid")


def test_members_without_a_name_have_a_number(
    browser: Browser, platform: Platform, session: Session
):
    """It is unique in the course, and stays the same at each launch."""
    nobody = dict.fromkeys(("name", "given_name", "family_name", "email"))
    for subject in ("first", "second", "first", "third"):
        launch(browser, platform, sub=subject, **nobody)
    named = {"given_name": "Ada", "family_name": "Novak"}
    launch(browser, platform, sub="fourth", **named)
    teacher = browser.begin(platform, "teacher")
    teacher.claims[lti.ROLES] = [TEACHING]
    address = teacher.post().location
    page = browser.open(f"/s/{address.split('/')[2]}/people/").text
    for shown in ("Student 1", "Student 2", "Student 3", "Ada Novak"):
        assert page.count(shown) == 1
    assert "users.invalid" not in page and "Student 4" not in page

    launch(browser, platform, sub="second", **nobody, **{lti.CONTEXT: {"id": "other"}})
    numbers = {(one.lti_subject, one.course_id): one.number for one in memberships(session)}
    assert sorted(n for (subject, _), n in numbers.items() if subject == "second") == [1, 2]


def test_names_and_address_follow_the_platform(
    browser: Browser, platform: Platform, session: Session
):
    launch(browser, platform, given_name="Ada", family_name="Novak", email="ada@example.org")
    launch(browser, platform, given_name="Ada", family_name="Lovelace", email="al@example.org")
    (person,) = people(session)
    assert (person.last_name, person.email) == ("Lovelace", "al@example.org")

    launch(browser, platform, given_name=None, family_name=None, name=None, email=None)
    (person,) = people(session)
    assert (person.first_name, person.last_name, person.email) == (
        "Ada",
        "Lovelace",
        "al@example.org",
    )
    launch(browser, platform, given_name=None, family_name=None, name="Countess Lovelace")
    (person,) = people(session)
    assert (person.first_name, person.last_name) == ("Countess Lovelace", "")


@pytest.mark.parametrize("odd", ["ada", "a b@c.example", "@", "x" * 250 + "@c.example",
                                 "ada@users.invalid", "a\x00@b"])  # fmt: skip
def test_what_is_no_address(odd: str, browser: Browser, platform: Platform, session: Session):
    launch(browser, platform, email=odd)
    (person,) = people(session)
    assert person.email == f"{person.user_id}@users.invalid"


def test_student_first_teacher_later(browser: Browser, platform: Platform, session: Session):
    launch(browser, platform, sub="student")
    course = session.scalars(select(Course)).one()
    assert course.instructor_id is None
    launch(browser, platform, sub="assistant", **{lti.ROLES: [ASSISTING, TEACHING]})
    launch(browser, platform, sub="teacher", **{lti.ROLES: [TEACHING]})
    launch(browser, platform, sub="second", **{lti.ROLES: [TEACHING]})

    roles = {one.lti_subject: one for one in memberships(session)}
    assert {sub: (one.role, one.number) for sub, one in roles.items()} == {
        "student": (CourseRole.STUDENT, 1),
        "assistant": (CourseRole.TA, 2),
        "teacher": (CourseRole.TEACHER, 3),
        "second": (CourseRole.TEACHER, 4),
    }
    session.refresh(course)
    assert course.instructor_id == roles["teacher"].student_id


def test_a_role_is_raised_and_dropped(browser: Browser, platform: Platform, session: Session):
    steps = [
        ([lti.LEARNER], CourseRole.STUDENT, UserRole.STUDENT),
        ([TEACHING], CourseRole.TEACHER, UserRole.TEACHER),
        ([lti.LEARNER], CourseRole.STUDENT, UserRole.TEACHER),
    ]
    for roles, role, widest in steps:
        launch(browser, platform, **{lti.ROLES: roles})
        (membership,) = memberships(session)
        (person,) = people(session)
        assert (membership.role, membership.number) == (role, 1)
        assert person.role is widest


def test_rights_end_with_the_role(browser: Browser, platform: Platform, session: Session):
    """Also those of a session that is open still."""
    teacher = browser.begin(platform)
    teacher.claims[lti.ROLES] = [TEACHING]
    address = teacher.post().location
    for roles in ([], [ADMINISTRATOR]):
        launch(browser, platform, **{lti.ROLES: roles})
        (membership,) = memberships(session)
        assert membership.status is EnrollmentStatus.DROPPED
    sid = address.split("/")[2]
    assert browser.open(f"/s/{sid}/materials/").status_code in {403, 404}

    launch(browser, platform, **{lti.ROLES: [lti.LEARNER]})
    (membership,) = memberships(session)
    assert (membership.status, membership.role) == (EnrollmentStatus.ACTIVE, CourseRole.STUDENT)


def test_an_administrator_is_no_member(browser: Browser, platform: Platform, session: Session):
    launch(browser, platform, **{lti.ROLES: [ADMINISTRATOR]})
    assert memberships(session) == []
    opened = session.scalars(select(ToolSession)).one()
    assert opened.role is CourseRole.ADMINISTRATOR and opened.course_id
