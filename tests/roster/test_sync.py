"""From a roster to our rows: who joins, who has left, and what a launch said stays."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app.extensions import db, transaction
from app.roster import sync, writing
from lti_config.launch import Person
from lti_config.nrps import Member
from models import (
    Course,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LtiContext,
    LtiIdentity,
    ToolSession,
    User,
    UserRole,
    now,
)
from tests.lti_config.conftest import Asked
from tests.roster.conftest import (
    ASSISTANT,
    INSTRUCTOR,
    LEARNER,
    TEST_USER,
    TOKEN,
    School,
    container,
    entry,
)

ACTIVE, DROPPED = EnrollmentStatus.ACTIVE, EnrollmentStatus.DROPPED
STUDENT, TEACHER, TA = CourseRole.STUDENT, CourseRole.TEACHER, CourseRole.TA


def member(subject: str, role: CourseRole = STUDENT) -> Member:
    return Member(subject, role, True, Person("", "", None), is_active=True)


def test_who_is_listed_joins(school: School) -> None:
    school.lists(
        entry("t", INSTRUCTOR, given_name="Thea", family_name="Laurent", email="t@x.example"),
        entry("a", INSTRUCTOR, ASSISTANT),
        entry("s", given_name="Ada", family_name="Novak"),
        entry("m", f"{LEARNER}".replace("Learner", "Mentor")),
        entry("p", LEARNER, TEST_USER),
        entry("n", f"{LEARNER}".replace("Learner", "Member")),
        entry("i", status="Inactive"),
    )
    context = school.read()
    assert context.roster_read_at and context.roster_error is None
    assert school.standing() == {
        "t": (TEACHER, ACTIVE),
        "a": (TA, ACTIVE),
        "s": (STUDENT, ACTIVE),
        "m": (CourseRole.OBSERVER, ACTIVE),
    }
    assert {subject: one.number for subject, one in school.people().items()} == {
        "t": 1,
        "a": 2,
        "s": 3,
        "m": 4,
    }
    assert all(one.last_launch_at is None for one in school.people().values())
    teacher = school.user("t")
    assert (teacher.first_name, teacher.last_name, teacher.role) == (
        "Thea",
        "Laurent",
        UserRole.TEACHER,
    )
    assert teacher.email == f"{teacher.user_id}@users.invalid" and teacher.last_login is None
    assert school.fresh(school.course).instructor_id == teacher.user_id
    assert school.fresh(school.course).member_count == 4
    addresses = school.session.scalars(select(LtiIdentity.email).where(LtiIdentity.email != ""))
    assert addresses.all() == ["t@x.example"]
    assert school.session.scalars(select(ToolSession)).all() == [], "a roster lets nobody in"


def test_a_second_read_changes_nothing(school: School) -> None:
    school.lists(entry("t", INSTRUCTOR, name="Thea"), entry("s", name="Ada", email="a@x.example"))
    school.read()
    before = {subject: one.enrollment_id for subject, one in school.people().items()}
    school.read()
    assert {subject: one.enrollment_id for subject, one in school.people().items()} == before
    assert school.session.scalar(select(func.count()).select_from(User)) == 3  # and the system's
    assert school.fresh(school.course).member_count == 2


def test_who_is_absent_is_dropped_and_comes_back_as_they_were(school: School) -> None:
    school.person("t", TEACHER)
    gone = school.person("s", number=17)
    school.lists(entry("t", INSTRUCTOR), entry("other"))
    school.read()
    assert school.standing()["s"] == (STUDENT, DROPPED)
    assert school.standing()["other"] == (STUDENT, ACTIVE)
    school.lists(entry("t", INSTRUCTOR), entry("s"))
    school.read()
    assert school.standing() == {
        "t": (TEACHER, ACTIVE),
        "s": (STUDENT, ACTIVE),
        "other": (STUDENT, DROPPED),
    }
    back = school.people()["s"]
    assert (back.enrollment_id, back.number) == (gone.enrollment_id, 17)


def test_who_is_listed_as_inactive_has_left(school: School) -> None:
    school.person("s")
    school.lists(entry("t", INSTRUCTOR), entry("s", status="Inactive"))
    school.read()
    assert school.standing()["s"] == (STUDENT, DROPPED)


def test_who_launched_after_the_read_began_stays(school: School) -> None:
    school.person("late")
    school.person("without a role now", status=DROPPED)
    began = now()
    for one in school.people().values():
        one.last_launch_at = began + timedelta(seconds=1)
    school.session.commit()
    with transaction() as session:
        listed = [member("t", TEACHER), member("without a role now")]
        writing.write(session, school.context.context_id, listed, began)
    assert school.standing()["late"] == (STUDENT, ACTIVE)
    assert school.standing()["without a role now"] == (STUDENT, DROPPED)


@pytest.mark.parametrize(
    ("role", "hours", "status"),
    [(TEACHER, 7, ACTIVE), (TA, 7, ACTIVE), (TEACHER, 9, DROPPED), (STUDENT, 1, DROPPED)],
)
def test_an_administrator_who_teaches_without_being_enrolled(
    role: CourseRole, hours: int, status: EnrollmentStatus, school: School
) -> None:
    """Moodle lets them launch as Instructor and does not list them."""
    school.person("admin", role, last_launch_at=now() - timedelta(hours=hours))
    school.lists(entry("t", INSTRUCTOR))
    school.read()
    assert school.standing()["admin"] == (role, status)


def test_a_test_student_is_left_alone(school: School) -> None:
    school.person("p", CourseRole.TEST_STUDENT)
    school.person("q", CourseRole.TEST_STUDENT)
    school.lists(entry("t", INSTRUCTOR), entry("p", LEARNER, TEST_USER))
    school.read()
    assert school.standing()["p"] == (CourseRole.TEST_STUDENT, ACTIVE)
    assert school.standing()["q"] == (CourseRole.TEST_STUDENT, ACTIVE)


def test_who_is_listed_with_a_role_that_we_do_not_know_stays(school: School) -> None:
    school.person("s")
    school.lists(entry("s", LEARNER.replace("Learner", "Member")))
    school.read()
    assert school.standing()["s"] == (STUDENT, ACTIVE)


def test_the_role_of_a_launch_is_not_the_rosters_to_change(school: School) -> None:
    school.person("g", TEACHER)
    school.person("s", STUDENT)
    school.lists(entry("g", LEARNER), entry("s", INSTRUCTOR))
    school.read()
    assert school.standing() == {"g": (TEACHER, ACTIVE), "s": (STUDENT, ACTIVE)}


OBSERVER = CourseRole.OBSERVER
MENTOR = LEARNER.replace("Learner", "Mentor")
MEMBER = LEARNER.replace("Learner", "Member")


@pytest.mark.parametrize(
    ("was", "listed", "role"),
    [
        (TEACHER, [INSTRUCTOR, ASSISTANT], TA),
        (TEACHER, [LEARNER], STUDENT),
        (TEACHER, [MENTOR], OBSERVER),
        (TA, [LEARNER], STUDENT),
        (STUDENT, [MENTOR], OBSERVER),
        (TEACHER, [INSTRUCTOR, LEARNER], TEACHER),  # teaches one section, attends another
        (TEACHER, [MEMBER], TEACHER),  # a word we don't know takes nothing
        (TA, [INSTRUCTOR], TA),  # more only comes by a launch
        (STUDENT, [INSTRUCTOR, ASSISTANT], STUDENT),
        (OBSERVER, [LEARNER], OBSERVER),
        (CourseRole.TEST_STUDENT, [MENTOR], CourseRole.TEST_STUDENT),
    ],
)
def test_where_the_roster_names_the_roles_of_launches_it_lowers_and_never_raises(
    was: CourseRole, listed: list[str], role: CourseRole, school: School
) -> None:
    school.fresh(school.platform).product_family = "canvas"
    school.person("x", was)
    school.lists(entry("t", INSTRUCTOR), entry("x", *listed))
    school.read()
    assert school.standing()["x"] == (role, ACTIVE)


@pytest.mark.parametrize("family", [None, "moodle", "an LMS nobody knows"])
@pytest.mark.parametrize("was", [TEACHER, TA])
def test_elsewhere_a_launch_stands_until_the_next(
    was: CourseRole, family: str | None, school: School
) -> None:
    """Moodle lists who grades without editing as a Learner: lowered, they could never teach."""
    school.fresh(school.platform).product_family = family
    school.person("x", was)
    school.lists(entry("t", INSTRUCTOR), entry("x", LEARNER))
    school.read()
    assert school.standing()["x"] == (was, ACTIVE)


def test_a_launch_since_the_read_began_is_newer_than_the_roster(school: School) -> None:
    school.fresh(school.platform).product_family = "canvas"
    began = now()
    school.person("x", TEACHER, last_launch_at=began + timedelta(seconds=1))
    with transaction() as session:
        writing.write(session, school.context.context_id, [member("x")], began)
    assert school.standing()["x"] == (TEACHER, ACTIVE)


@pytest.mark.parametrize("role", [TEACHER, TA])
def test_where_nobody_teaches_unlisted_who_is_absent_is_out_at_once(
    role: CourseRole, school: School
) -> None:
    school.fresh(school.platform).product_family = "canvas"
    school.person("x", role, last_launch_at=now() - timedelta(minutes=1))
    school.lists(entry("t", INSTRUCTOR))
    school.read()
    assert school.standing()["x"] == (role, DROPPED)


@pytest.mark.parametrize(
    ("family", "was", "listed", "role"),
    [
        (None, TEACHER, LEARNER, STUDENT),
        (None, TA, LEARNER, STUDENT),
        (None, STUDENT, INSTRUCTOR, TEACHER),
        ("moodle", TEACHER, LEARNER, CourseRole.NONE),
        ("moodle", STUDENT, LEARNER, STUDENT),
    ],
)
def test_who_had_left_has_no_more_rights_than_the_roster_gives(
    family: str | None, was: CourseRole, listed: str, role: CourseRole, school: School
) -> None:
    """Whoever taught here once may be back as a learner: an old session must not teach again."""
    school.fresh(school.platform).product_family = family
    school.person("back", was, status=DROPPED)
    school.lists(entry("t", INSTRUCTOR), entry("back", listed))
    school.read()
    assert school.standing()["back"] == (role, ACTIVE)


def test_who_never_launched_has_the_role_of_the_newest_roster(school: School) -> None:
    school.lists(entry("a", LEARNER))
    school.read()
    school.lists(entry("a", INSTRUCTOR))
    school.read()
    assert school.standing() == {"a": (TEACHER, ACTIVE)}


def test_moodles_learners_are_nobody_in_particular_until_they_launch(school: School) -> None:
    school.fresh(school.platform).product_family = "moodle"
    school.person("grader", TA)
    school.lists(entry("t", "Instructor"), entry("grader", "Learner"), entry("s", "Learner"))
    school.read()
    assert school.standing() == {
        "t": (TEACHER, ACTIVE),
        "grader": (TA, ACTIVE),
        "s": (CourseRole.NONE, ACTIVE),
    }


def test_names_and_addresses_are_brought_up_to_date(school: School) -> None:
    row = school.person("s")
    named = school.session.get_one(User, row.student_id)
    named.first_name, named.last_name = "Ada", "Old"
    address = named.email
    school.lists(
        entry("t", INSTRUCTOR),
        entry("s", given_name="Ada", family_name="New", email="new@x.example"),
    )
    school.read()
    assert (school.user("s").first_name, school.user("s").last_name) == ("Ada", "New")
    school.lists(entry("t", INSTRUCTOR), entry("s"))
    school.read()
    assert school.user("s").last_name == "New", "what the LMS keeps to itself is not forgotten"
    identity = school.session.scalars(select(LtiIdentity).where(LtiIdentity.subject == "s")).one()
    assert identity.email == "new@x.example" and school.user("s").email == address


def test_an_address_is_never_a_key(school: School) -> None:
    taken = school.session.get_one(User, school.person("s").student_id).email
    school.lists(entry("s"), entry("z1", email=taken), entry("z2", email=taken))
    school.read()
    people = {school.user(subject).user_id for subject in ("s", "z1", "z2")}
    assert len(people) == 3 and school.user("s").email == taken


def test_people_of_another_platform_are_left_alone(school: School) -> None:
    stranger = school.person("5")
    school.session.execute(LtiIdentity.__table__.delete())
    school.lists(entry("t", INSTRUCTOR))
    school.read()
    assert school.fresh(stranger).status is ACTIVE


def test_a_teacher_of_the_course_already_stays_its_first(school: School) -> None:
    first = school.person("t", TEACHER)
    school.course.instructor_id = first.student_id
    school.lists(entry("u", INSTRUCTOR), entry("t", INSTRUCTOR))
    school.read()
    assert school.fresh(school.course).instructor_id == first.student_id


FAILURES: dict[str, tuple[tuple[int, dict[str, str], bytes], str]] = {
    "access": ((403, {}, b""), "An administrator has to allow names and roles"),
    "gone": ((404, {}, b""), "not there any more"),
    "down": ((503, {}, b""), "did not answer in time"),
    "page of a log-in": ((200, {}, b"<html>"), "could not understand"),
    "nobody at all": ((200, {}, container([])), "could not understand"),
    "an odd member": ((200, {}, container([{"user_id": "x"}])), "could not understand"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_half_a_read_changes_nothing(name: str, school: School) -> None:
    answer, sentence = FAILURES[name]
    school.person("s")
    link = {"Link": f'<{school.peer.url}/members?page=2>; rel="next"'}
    first = [] if name == "nobody at all" else [entry("new")]
    school.answers((200, link, container(first)), answer)
    context = school.read()
    assert sentence in context.roster_error.partition("\n")[0]
    assert context.roster_read_at is None and context.roster_tried_at is not None
    assert school.standing() == {"s": (STUDENT, ACTIVE)}


def test_a_failure_leaves_the_last_read_standing(school: School) -> None:
    school.lists(entry("s"))
    read_at = school.read().roster_read_at
    school.answers((503, {}, b""))
    context = school.read()
    assert context.roster_error and context.roster_read_at == read_at
    school.lists(entry("s"))
    assert school.read().roster_error is None


def test_a_token_that_is_refused_once(school: School) -> None:
    school.answers((401, {}, b""), (200, {}, container([entry("s")])))
    assert school.read().roster_error is None
    assert [asked.path.partition("?")[0] for asked in school.peer.asked] == [
        "/token",
        "/members",
        "/token",
        "/members",
    ]


def test_a_switched_off_registration(school: School) -> None:
    from app.connections import switches
    from models import Deployment, RegistrationStatus

    deployment = school.session.get_one(Deployment, school.context.deployment_id)
    switches.set_status(school.session, deployment.registration_id, RegistrationStatus.DISABLED)
    assert "An administrator" in (school.read().roster_error or "")
    assert school.peer.asked == []


def test_no_connection_is_held_while_the_lms_is_asked(school: School) -> None:
    pool, held = db.engine.pool, []

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        held.append(pool.checkedout())  # type: ignore[attr-defined]
        return 200, {}, TOKEN if asked.path == "/token" else container([entry("s")])

    school.peer.answer = answer
    school.read()
    assert held == [0, 0]


def test_a_fault_in_the_middle_of_the_write_leaves_nothing(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.person("s")
    school.lists(entry("new", name="Nora"), entry("t", INSTRUCTOR))

    def fails(*_args: Any) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(writing, "settle_memberships", fails)
    context = school.read()
    assert "Something failed in CourseLLM" in context.roster_error
    assert school.standing() == {"s": (STUDENT, ACTIVE)}
    assert school.session.scalars(select(User).where(User.first_name == "Nora")).all() == []


@pytest.fixture
def statements(school: School) -> Any:
    sent: list[str] = []

    def note(*args: Any) -> None:
        sent.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def test_ten_thousand_members_in_few_statements(school: School, statements: list[str]) -> None:
    """As many statements as for ten, but that what is new is sent in batches."""
    school.lists(
        entry("t", INSTRUCTOR),
        *(entry(f"s{i}", name=f"Student {i}", email=f"s{i}@x.example") for i in range(10_000)),
    )
    assert school.read().roster_error is None
    assert len([one for one in school.peer.asked if one.path != "/token"]) == 101
    written = [one for one in statements if "service_tokens" not in one]  # one look for each page
    assert len(written) < 30, "\n".join(one[:100] for one in written)
    assert school.fresh(school.course).member_count == 10_001
    with Session(db.engine) as session:
        assert session.scalar(select(func.count()).select_from(Enrollment)) == 10_001
        numbers = session.scalars(select(Enrollment.number)).all()
    assert sorted(numbers) == list(range(1, 10_002))


def test_an_lms_that_takes_no_hint_sends_everybody_at_once(school: School) -> None:
    many = [
        entry(f"s{i}", name="N" * 90, picture="https://x.example/" + "p" * 100) for i in range(2000)
    ]
    school.answers((200, {}, container(many)))
    assert school.read().roster_error is None
    assert len(school.people()) == 2000 and len(container(many)) > 2 * 256 * 1024


def test_asking_is_for_once_an_hour(school: School) -> None:
    def ask(minutes: int, *, again: bool = False) -> bool:
        school.session.rollback()
        context = school.session.get_one(LtiContext, school.context.context_id)
        context.roster_tried_at = now() - timedelta(minutes=minutes)
        before = context.roster_tried_at
        (sync.ask_again if again else sync.ask_if_due)(school.session, context)
        return context.roster_tried_at != before

    assert not ask(59) and ask(61)
    assert not ask(1, again=True) and ask(3, again=True)
    school.session.rollback()
    context = school.session.get_one(LtiContext, school.context.context_id)
    context.memberships_url = None
    assert not sync.ask_again(school.session, context)
    assert isinstance(school.course, Course)
