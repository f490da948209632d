"""The way into the console: a link once, a cookie of its own, nothing shared with launches."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.admin import entrance
from app.jobs import sweep_sessions
from models import AuditEvent, Operator, OperatorLink, OperatorSession, User, now
from tests import factories
from tests.admin.conftest import TOOL, Console, link_of, shown
from tests.helpers import enter

GUARDED = ["/", "/platforms", "/platforms/new", "/institutions", "/invitations", "/keys", "/record"]


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["admin", *words])


def test_a_link_opens_the_console_once(app: Flask, stranger: Console, session: Session) -> None:
    secret = link_of(app)
    answer = stranger.log_in(secret)
    assert (answer.status_code, answer.location) == (303, "/admin/")
    assert "Ada" in shown(stranger.get("/"))
    again = Console(app.test_client()).log_in(secret)
    assert again.status_code == 401
    assert "used already" in shown(again) and "Set-Cookie" not in again.headers


def test_looking_at_the_address_spends_nothing(
    app: Flask, stranger: Console, session: Session
) -> None:
    """Mail programs and chats fetch what they are sent."""
    secret = link_of(app)
    for path in ("/login", f"/login?secret={secret}", f"/login?{secret}"):
        stranger.get(path)
        stranger.open(path, method="HEAD")
    assert session.scalars(select(OperatorLink.spent_at)).all() == [None]
    assert stranger.log_in(secret).status_code == 303


def test_a_link_lasts_ten_minutes(app: Flask, stranger: Console, session: Session) -> None:
    secret = link_of(app)
    row = session.scalars(select(OperatorLink)).one()
    assert row.expires_at - row.created_at <= timedelta(minutes=10, seconds=1)
    session.execute(update(OperatorLink).values(expires_at=now() - timedelta(seconds=1)))
    session.commit()
    assert stranger.log_in(secret).status_code == 401


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 5000, "\x00", "\ud800"])
def test_what_is_no_secret_opens_nothing(secret: str, stranger: Console) -> None:
    answer = stranger.open(
        "/login",
        method="POST",
        data={"secret": secret.encode(errors="surrogatepass")},
        headers={"Origin": TOOL},
    )
    assert answer.status_code == 401


def test_of_two_who_spend_a_link_at_once_one_is_in(app: Flask) -> None:
    secret = link_of(app)

    def spend(_number: int) -> int:
        return Console(app.test_client()).log_in(secret).status_code

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(spend, range(6)))
    assert codes == [303] + [401] * 5


def test_secrets_are_kept_as_hashes(app: Flask, console: Console, session: Session) -> None:
    secret = link_of(app)
    cookie = console.client.get_cookie(entrance_cookie(), domain="localhost")
    assert cookie is not None
    for kind, value in ((OperatorLink, secret), (OperatorSession, cookie.value)):
        hashes = session.scalars(select(kind.secret_hash)).all()
        assert all(len(one) == 32 for one in hashes)
        assert value.encode() not in b"".join(hashes)


def entrance_cookie() -> str:
    return "__Host-operator"


def test_the_cookie_is_strict(app: Flask, stranger: Console) -> None:
    cookie = stranger.log_in(link_of(app)).headers["Set-Cookie"]
    assert cookie.startswith("__Host-operator=")
    for part in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=28800"):
        assert part in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("path", GUARDED)
def test_without_a_session_every_page_leads_to_the_log_in(path: str, stranger: Console) -> None:
    answer = stranger.open(path)
    assert (answer.status_code, answer.location) == (302, "/admin/login")


@pytest.mark.parametrize("path", ["/keys/rotate", "/institutions", "/logout", "/invitations"])
def test_without_a_session_nothing_is_changed(
    path: str, stranger: Console, session: Session
) -> None:
    answer = stranger.send(path, name="x", note="x")
    assert answer.status_code == 401 and "nothing was changed" in shown(answer)
    assert session.scalars(select(AuditEvent)).all() == []


@pytest.mark.parametrize("path", [*GUARDED, "/login"])
def test_no_page_may_be_framed_or_kept(path: str, console: Console) -> None:
    headers = console.get(path).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_refusals_may_not_be_framed_either(console: Console, stranger: Console) -> None:
    for answer in (console.open("/nowhere"), stranger.send("/keys/rotate"), stranger.open("/")):
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://localhost:9"])
def test_forms_of_other_pages_are_refused(
    origin: str | None, app: Flask, console: Console, stranger: Console
) -> None:
    assert console.send("/logout", origin, csrf_token=console.token()).status_code == 403
    assert stranger.send("/login", origin, secret=link_of(app)).status_code == 403
    console.get("/")


@pytest.mark.parametrize("token", ["", "0" * 64, "ü"])
def test_a_form_without_the_token_is_refused(token: str, console: Console) -> None:
    assert console.send("/institutions", csrf_token=token, name="x").status_code == 403


def test_the_token_of_another_session_is_refused(app: Flask, console: Console) -> None:
    other = Console(app.test_client())
    other.log_in(link_of(app, "Eve"))
    assert console.send("/institutions", csrf_token=other.token(), name="x").status_code == 403


def test_logging_out_ends_the_session_at_the_server(console: Console, session: Session) -> None:
    cookie = console.client.get_cookie("__Host-operator", domain="localhost")
    assert cookie is not None
    assert console.post("/logout").location == "/admin/login"
    assert console.client.get_cookie("__Host-operator", domain="localhost") is None
    console.client.set_cookie("__Host-operator", cookie.value, domain="localhost", secure=True)
    assert console.open("/").status_code == 302
    assert session.scalars(select(OperatorSession)).all() == []


def test_logging_in_again_ends_the_session_before(
    app: Flask, console: Console, session: Session
) -> None:
    """A session id that somebody planted never becomes one that is logged in."""
    before = console.client.get_cookie("__Host-operator", domain="localhost")
    console.log_in(link_of(app))
    after = console.client.get_cookie("__Host-operator", domain="localhost")
    assert before and after and before.value != after.value
    assert len(session.scalars(select(OperatorSession)).all()) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"last_seen_at": now() - entrance.IDLE - timedelta(seconds=1)},
        {"expires_at": now() - timedelta(seconds=1)},
    ],
)
def test_a_session_ends_by_itself(
    values: dict[str, Any], console: Console, session: Session
) -> None:
    session.execute(update(OperatorSession).values(**values))
    session.commit()
    assert console.open("/").status_code == 302
    sweep_sessions(0)
    assert session.scalars(select(OperatorSession)).all() == []


def test_a_session_that_is_used_goes_on_for_eight_hours(console: Console, session: Session) -> None:
    row = session.scalars(select(OperatorSession)).one()
    assert row.expires_at - row.created_at <= timedelta(hours=8, seconds=1)
    earlier = now() - timedelta(minutes=50)
    session.execute(update(OperatorSession).values(last_seen_at=earlier))
    session.commit()
    console.get("/")
    session.refresh(row)
    assert row.last_seen_at > earlier + timedelta(minutes=49)


def test_disabling_an_operator_ends_sessions_and_links(app: Flask, console: Console) -> None:
    secret = link_of(app)
    done = run(app, "disable", "Ada")
    assert done.exit_code == 0 and "disabled" in done.output
    assert console.open("/").status_code == 302
    assert console.log_in(secret).status_code == 401
    failed = run(app, "link", "Ada")
    assert failed.exit_code != 0 and "flask admin enable" in failed.output
    assert "Ada  disabled" in run(app, "list").output
    assert run(app, "enable", "Ada").exit_code == 0
    assert console.log_in(link_of(app)).status_code == 303


def test_commands_say_what_is_wrong(app: Flask) -> None:
    assert "No operator yet" in run(app, "list").output
    for words in (("disable", "Nobody"), ("link", "  "), ("link", "x" * 101), ("link", "a\nb")):
        failed = run(app, *words)
        assert failed.exit_code != 0 and "Traceback" not in failed.output
    assert run(app, "--help").exit_code == 0


def test_a_name_is_one_operator_however_often(app: Flask, session: Session) -> None:
    link_of(app)
    link_of(app)
    link_of(app, "Eve")
    names = session.scalars(select(Operator.name).order_by(Operator.name)).all()
    assert names == ["Ada", "Eve"]


def test_an_operator_is_no_actor_and_an_actor_no_operator(
    app: Flask, console: Console, session: Session
) -> None:
    """Neither credential opens the other's pages, and no person comes of a log-in."""
    course = factories.course(session)
    visitor = enter(app, session, course)
    people = session.scalars(select(User.user_id)).all()
    operator = console.client.get_cookie("__Host-operator", domain="localhost")
    assert operator is not None

    inside = console.client.get(visitor.url("tutor/"), base_url=TOOL)
    assert inside.status_code == 401
    bearer = {"Authorization": f"Bearer {operator.value}"}
    assert console.client.get(visitor.url("tutor/"), headers=bearer).status_code == 401

    person = app.test_client()
    person.set_cookie(f"__Host-s-{visitor.sid}", visitor.secret, domain="localhost", secure=True)
    person.set_cookie("__Host-operator", visitor.secret, domain="localhost", secure=True)
    headers = {"Authorization": f"Bearer {visitor.secret}"}
    assert person.get("/admin/", base_url=TOOL, headers=headers).status_code == 302
    session.rollback()
    assert session.scalars(select(User.user_id)).all() == people


def test_who_came_in_stands_in_the_record(console: Console) -> None:
    text = shown(console.get("/record"))
    assert "Log-in link made" in text and "Logged in" in text


def test_an_address_without_a_page_says_so(console: Console) -> None:
    answer = console.open("/nowhere/at/all")
    assert answer.status_code == 404 and "The console has no page" in shown(answer)


def test_what_is_sent_stays_small(stranger: Console) -> None:
    assert stranger.log_in("x" * 100_000).status_code == 413
