"""Sessions: the credential, two courses in one browser, forgery, ends, and rights that go."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Blueprint, Flask, g, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from app.access import Right, current_actor, guard, requires
from app.config import Settings
from app.credentials import csrf_token, set_cookie
from app.session import OpenedSession, delete_expired
from models import Course, CourseRole, EnrollmentStatus, ToolSession, User, now
from tests import factories
from tests.helpers import enter


@pytest.fixture(scope="module")
def probed(migrated_app: Flask, settings: Settings) -> Flask:
    """The application with one more room, made to look at actors."""
    app = create_app(settings)
    room = Blueprint("probe", __name__)

    @room.route("/who", methods=["GET", "POST"])
    def who() -> str:
        actor = current_actor()
        return f"{actor.display_name}|{actor.role.value}|{actor.course}|{url_for('probe.who')}"

    @room.get("/teach")
    @requires(Right.TEACH)
    def teach() -> str:
        return "taught"

    guard(room, Right.LEARN, Right.TEACH)
    app.register_blueprint(room, url_prefix="/s/<sid>/probe")
    return app


@pytest.fixture
def room(app: Flask, probed: Flask) -> Iterator[Flask]:
    with probed.app_context():
        yield probed


def _cookie(visitor: object) -> dict[str, str]:
    return {"Cookie": f"__Host-s-{visitor.sid}={visitor.secret}"}  # type: ignore[attr-defined]


def test_a_bearer_token_enters_and_addresses_keep_the_session(
    room: Flask, session: Session
) -> None:
    course = factories.course(session)
    visitor = enter(room, session, course)
    name, role, course_id, address = visitor.get("probe/who").text.split("|")
    assert (name.startswith("Ada"), role, course_id) == (True, "student", str(course.course_id))
    assert address == f"/s/{visitor.sid}/probe/who"


def test_a_cookie_enters(room: Flask, session: Session) -> None:
    visitor = enter(room, session, factories.course(session))
    answer = room.test_client(use_cookies=False).get(
        visitor.url("probe/who"), headers=_cookie(visitor)
    )
    assert answer.status_code == 200


def test_no_credential_gets_a_page_without_data(room: Flask, session: Session) -> None:
    course = factories.course(session, course_name="Secret seminar")
    visitor = enter(room, session, course)
    answer = room.test_client(use_cookies=False).get(visitor.url("probe/who"))
    assert answer.status_code == 401
    assert "course page" in answer.text
    assert "Secret seminar" not in answer.text and "Ada" not in answer.text


def test_another_sessions_secret_does_not_open_this_one(room: Flask, session: Session) -> None:
    one = enter(room, session, factories.course(session))
    two = enter(room, session, factories.course(session))
    answer = room.test_client(use_cookies=False).get(
        one.url("probe/who"), headers={"Authorization": f"Bearer {two.secret}"}
    )
    assert answer.status_code == 401


def test_two_frames_of_one_browser_hold_two_courses(room: Flask, session: Session) -> None:
    courses = [factories.course(session) for _ in range(2)]
    visitors = [enter(room, session, course) for course in courses]
    cookies = "; ".join(_cookie(visitor)["Cookie"] for visitor in visitors)
    client = room.test_client(use_cookies=False)
    for course, visitor in zip(courses, visitors, strict=True):
        page = client.get(visitor.url("probe/who"), headers={"Cookie": cookies}).text
        assert str(course.course_id) in page


def test_a_forged_post_is_refused_and_an_honest_one_passes(room: Flask, session: Session) -> None:
    visitor = enter(room, session, factories.course(session))
    client, url = room.test_client(use_cookies=False), visitor.url("probe/who")
    with room.test_request_context(visitor.url("probe/who")):
        g.sid = visitor.sid
        token = csrf_token()
    cookie = _cookie(visitor)
    assert client.post(url, headers=cookie).status_code == 403
    assert client.post(url, headers={**cookie, "X-CSRF-Token": "wrong"}).status_code == 403
    assert client.post(url, headers={**cookie, "X-CSRF-Token": token}).status_code == 200
    assert client.post(url, headers=cookie, data={"csrf_token": token}).status_code == 200
    foreign = {**cookie, "X-CSRF-Token": token, "Origin": "https://evil.example"}
    assert client.post(url, headers=foreign).status_code == 403
    assert client.post(url, headers=cookie, data={"csrf_token": "é"}).status_code == 403


def test_a_session_id_that_no_database_takes_is_none(room: Flask) -> None:
    answer = room.test_client().get("/s/a%00b/probe/who", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401


def test_a_bearer_needs_no_forgery_token(room: Flask, session: Session) -> None:
    assert enter(room, session, factories.course(session)).post("probe/who").status_code == 200


@pytest.mark.parametrize(
    "ended",
    [{"expires_at": now() - timedelta(seconds=1)}, {"last_seen_at": now() - timedelta(hours=2)}],
)
def test_a_session_ends_by_age_and_by_idleness(
    room: Flask, session: Session, ended: dict[str, object]
) -> None:
    visitor = enter(room, session, factories.course(session))
    row = session.get_one(ToolSession, visitor.sid)
    for name, value in ended.items():
        setattr(row, name, value)
    session.commit()
    assert visitor.get("probe/who").status_code == 401
    assert delete_expired(session) == 1
    assert session.scalars(select(ToolSession)).all() == []


def test_rights_go_with_the_role_in_sessions_already_open(room: Flask, session: Session) -> None:
    visitor = enter(room, session, factories.course(session), CourseRole.TEACHER)
    assert visitor.get("probe/teach").text == "taught"
    visitor.enrollment.role = CourseRole.STUDENT
    session.commit()
    assert visitor.get("probe/teach").status_code == 403
    visitor.enrollment.status = EnrollmentStatus.DROPPED
    session.commit()
    assert visitor.get("probe/who").status_code == 403


def test_who_or_what_is_switched_off_ends_open_sessions(room: Flask, session: Session) -> None:
    visitors = [enter(room, session, factories.course(session)) for _ in range(2)]
    session.get_one(User, visitors[0].enrollment.student_id).is_active = False
    session.get_one(Course, visitors[1].enrollment.course_id).is_active = False
    session.commit()
    assert [visitor.get("probe/who").status_code for visitor in visitors] == [401, 401]


@pytest.mark.parametrize("role", [CourseRole.ADMINISTRATOR, CourseRole.OBSERVER, CourseRole.NONE])
def test_the_floor_of_a_room_holds(room: Flask, session: Session, role: CourseRole) -> None:
    visitor = enter(room, session, factories.course(session), role)
    assert visitor.get("probe/who").status_code == 403


def test_a_person_without_a_name_has_a_number(room: Flask, session: Session) -> None:
    course = factories.course(session)
    factories.member(session, course)
    nobody = factories.user(session, first_name="", last_name="")
    member = factories.member(session, course, person=nobody)
    visitor = enter(room, session, course, enrollment=member)
    assert visitor.get("probe/who").text.startswith(f"Student {member.number}|")


def test_cookies_are_partitioned_and_only_twenty_are_kept(room: Flask) -> None:
    many = "; ".join(f"__Host-s-old{n}=x" for n in range(25))
    with room.test_request_context(headers={"Cookie": many}):
        response = room.response_class()
        set_cookie(response, OpenedSession("fresh", "secret"))
    cookies = response.headers.getlist("Set-Cookie")
    dropped = [cookie for cookie in cookies if "Max-Age=0" in cookie]
    assert len(dropped) == 6
    fresh = cookies[-1]
    for part in ("__Host-s-fresh=secret", "Secure", "HttpOnly", "SameSite=None", "Partitioned"):
        assert part in fresh


def test_only_the_sessions_platform_may_frame_its_pages(room: Flask, session: Session) -> None:
    visitor = enter(
        room, session, factories.course(session), frame_origin="https://lms.example.edu"
    )
    policy = visitor.get("probe/who").headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://lms.example.edu" in policy
    assert "unsafe-inline" not in policy


def test_pages_are_not_kept_by_browsers(room: Flask, session: Session) -> None:
    answer = enter(room, session, factories.course(session)).get("probe/who")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Frame-Options" not in answer.headers
