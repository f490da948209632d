"""Who a launch is and where it comes from: people are known by (platform, subject) alone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo_lms import Platform
from demo_lms import vocabulary as lti
from models import (
    Activity,
    ActivityKind,
    Course,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LineItem,
    LtiContext,
    LtiIdentity,
    ResourceLink,
    ToolSession,
    User,
    UserRole,
)
from tests import factories
from tests.launch import lms
from tests.launch.lms import TOOL, Browser

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


def activity_of(session: Session, course: Course) -> Activity:
    teacher = factories.member(session, course, CourseRole.TEACHER)
    row = Activity(
        course_id=course.course_id,
        kind=ActivityKind.TUTOR,
        title="Tutor",
        created_by=teacher.student_id,
    )
    session.add(row)
    session.commit()
    return row


def test_a_link_opens_the_activity_it_names(browser: Browser, platform: Platform, session: Session):
    launch(browser, platform)
    mine = activity_of(session, session.scalars(select(Course)).one())
    foreign = activity_of(session, factories.course(session))

    def opened_with(custom: dict[str, str]) -> Any:
        attempt = browser.begin(platform)
        attempt.claims[lti.CUSTOM] = custom
        assert attempt.post().status_code == 303
        session.rollback()
        newest = select(ToolSession).order_by(ToolSession.created_at.desc()).limit(1)
        return session.scalars(newest).one().activity_id

    for unknown in (foreign.activity_id, uuid4(), "not-an-id"):
        assert opened_with({"activity": str(unknown)}) is None
    assert opened_with({"activity": str(mine.activity_id)}) == mine.activity_id
    # From now on the link has it, whatever a later launch fails to say.
    assert opened_with({"activity": str(foreign.activity_id)}) == mine.activity_id
    assert opened_with({}) == mine.activity_id


def test_services_are_kept_as_they_come(browser: Browser, platform: Platform, session: Session):
    attempt = browser.begin(platform)
    endpoint = attempt.claims[lti.AGS_ENDPOINT]
    endpoint["lineitem"] = "https://lms.example/items/1/lineitem?type_id=2"
    assert attempt.post().status_code == 303
    context = session.scalars(select(LtiContext)).one()
    assert context.line_items_url == endpoint["lineitems"]
    assert set(context.ags_scopes or []) == set(endpoint["scope"])
    item = session.scalars(select(LineItem)).one()
    link = session.scalars(select(ResourceLink)).one()
    assert (item.url, item.resource_link_id) == (endpoint["lineitem"], link.resource_link_id)

    again = browser.begin(platform)
    again.claims[lti.AGS_ENDPOINT] = {**endpoint, "lineitem": "https://lms.example/items/2"}
    assert again.post().status_code == 303
    session.rollback()
    bound = select(LineItem.url).where(LineItem.resource_link_id == link.resource_link_id)
    assert session.scalars(bound).all() == ["https://lms.example/items/2"]

    third = browser.begin(platform)
    third.claims[lti.AGS_ENDPOINT] = {**endpoint, "lineitem": ""}  # Moodle's way to say none
    assert third.post().status_code == 303


def test_an_archived_course(browser: Browser, platform: Platform, session: Session):
    launch(browser, platform)
    session.scalars(select(Course)).one().is_active = False
    session.commit()
    assert browser.launch(platform).status_code == 403
    assert len(session.scalars(select(ToolSession)).all()) == 1


def test_a_whole_class_at_once(browser: Browser, platform: Platform, session: Session):
    """First launches of a new course, some of one person twice: one course, numbers without gap."""
    subjects = [f"s{number // 2}" for number in range(24)]
    forms = []
    for subject in subjects:
        attempt = browser.begin(platform)
        # One address for two neighbours: who is second gets a placeholder.
        attempt.claims |= {"sub": subject, "email": f"mail{int(subject[1:]) // 2}@example.org"}
        cookie = f"__Host-lti_{attempt.state[:8]}={attempt.secret}"
        forms.append(({"id_token": attempt.id_token(), "state": attempt.state}, cookie))
    app = browser.client.application

    def post(form: tuple[dict[str, str], str]) -> int:
        data, cookie = form
        client = app.test_client(use_cookies=False)
        headers = {"Cookie": cookie}
        return client.post("/lti/launch", base_url=TOOL, data=data, headers=headers).status_code

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(post, forms)) == [303] * len(forms)
    assert len(session.scalars(select(Course)).all()) == 1
    assert [one.number for one in memberships(session)] == list(range(1, 13))
    assert len(people(session)) == 12
    assert len({one.email for one in people(session)}) == 12


def test_the_first_deployment_is_adopted(browser: Browser, served: Platform, session: Session):
    lms.register(session, served, deployments=())
    assert browser.launch(served).status_code == 303
    second = browser.begin(served)
    second.claims[lti.DEPLOYMENT_ID] = "another"
    assert second.post().status_code == 403


def test_canvas_words(browser: Browser, platform: Platform, session: Session):
    """Account pages are no course; navigation repeats the context's id as the link's."""
    canvas = {lti.TOOL_PLATFORM: {"product_family_code": "canvas", "guid": "x"}}
    launch(browser, platform, **canvas, **{lti.CONTEXT: {"id": "acc", "type": ["Account"]}})
    assert session.scalars(select(Course)).all() == []

    launch(
        browser,
        platform,
        **canvas,
        **{lti.CONTEXT: {"id": "c1"}, lti.RESOURCE_LINK: {"id": "c1"}},
    )
    assert session.scalars(select(ResourceLink)).all() == []
    newest = session.scalars(select(ToolSession).order_by(ToolSession.created_at.desc())).first()
    assert newest and "https://*.instructure.com" in (newest.frame_origin or "")
