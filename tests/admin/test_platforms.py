"""Platforms at the console: what needs attention, approving, disabling, adding by hand."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from app.connections import health, switches
from app.extensions import db
from lti_config import keysets
from lti_config.errors import Fault
from models import (
    AuditEvent,
    CachedKeySet,
    Deployment,
    Registration,
    RegistrationHealth,
    RegistrationStatus,
    ToolSession,
    now,
)
from tests import factories
from tests.admin.conftest import Console, Registering, shown
from tests.helpers import enter


def last(session: Session) -> AuditEvent:
    session.rollback()
    rows = session.scalars(select(AuditEvent).order_by(AuditEvent.event_id.desc()).limit(1))
    return rows.one()


def test_an_empty_console_says_the_next_step(console: Console) -> None:
    text = shown(console.get("/"))
    assert "No LMS is connected yet" in text and "Make an invitation" in text
    assert "Platforms stand here" in shown(console.get("/platforms"))
    assert "Schools stand here" in shown(console.get("/institutions"))
    assert "Invitations stand here" in shown(console.get("/invitations"))
    assert "Key sets stand here" in shown(console.get("/keys"))


def test_nothing_to_do_is_said(console: Console, register: Registering) -> None:
    register()
    assert "Nothing needs your attention." in shown(console.get("/"))


def test_what_waits_is_shown_and_approved(
    console: Console, register: Registering, session: Session
) -> None:
    row = register()
    session.execute(update(Registration).values(status=RegistrationStatus.PENDING))
    session.commit()
    text = shown(console.get("/"))
    assert "One thing needs your attention" in text and "Registration with client id c1" in text
    done = console.done(f"/registrations/{row.registration_id}/approve")
    assert "Registration c1 of Lakeside is approved and may launch." in done and "Active" in done
    session.refresh(row)
    assert row.status is RegistrationStatus.ACTIVE
    event = last(session)
    assert (event.operator_name, event.action, event.subject, event.details) == (
        "Ada",
        "registration.approved",
        str(row.registration_id),
        {"client_id": "c1"},
    )


def test_a_new_deployment_waits_until_it_is_approved(
    console: Console, register: Registering, session: Session
) -> None:
    row = register()
    deployment = switches.note_unknown_deployment(session, row.registration_id, "2:new")
    session.commit()
    text = shown(console.get("/"))
    assert "Deployment 2:new" in text and "Lakeside" in text
    done = console.done(f"/deployments/{deployment.deployment_id}/approve")
    assert "Deployment 2:new of Lakeside is approved and may launch." in done
    assert "Nothing needs your attention." in shown(console.get("/"))
    assert last(session).details == {"client_id": "c1", "deployment": "2:new"}


@pytest.mark.parametrize("kind", ["registrations", "deployments"])
def test_disabling_asks_first_and_ends_sessions(
    kind: str, app: Flask, console: Console, register: Registering, session: Session
) -> None:
    row = register()
    deployment = session.scalars(select(Deployment)).one()
    item = row.registration_id if kind == "registrations" else deployment.deployment_id
    name = "registration_id" if kind == "registrations" else "deployment_id"
    enter(app, session, factories.course(session), **{name: item})
    page = console.get(f"/platforms/{row.platform_id}").text
    assert "data-confirm" in page and "whoever is in is out at once" in page
    assert "Disabled" in console.done(f"/{kind}/{item}/disable")
    session.rollback()
    assert session.scalars(select(ToolSession)).all() == []
    assert "of Lakeside is approved and may launch." in console.done(f"/{kind}/{item}/approve")


def test_health_is_said_in_words(console: Console, register: Registering, session: Session) -> None:
    row = register()
    text = shown(console.get(f"/platforms/{row.platform_id}"))
    assert "Last launch never" in text and "Last token never" in text and "Last score never" in text
    health.note_score(session, row.registration_id)
    health.note_token(session, row.registration_id)
    health.note_error(
        session, row.registration_id, Fault.CLOCK, "iat: 95 s ahead <script>alert(1)</script>"
    )
    session.commit()
    page = console.get("/")
    assert health.WORDS[Fault.CLOCK] in shown(page)
    assert "<script>alert" not in page.text and "&lt;script&gt;alert" in page.text
    text = shown(console.get(f"/platforms/{row.platform_id}"))
    assert "Not working" in text and "iat: 95 s ahead" in text and "Last launch never" in text
    assert re.search(r"Last token \d.* Last score \d", text), text
    session.execute(update(RegistrationHealth).values(last_good_at=now()))
    session.commit()
    text = shown(console.get(f"/platforms/{row.platform_id}"))
    assert "it has worked since" in text and "Not working" not in text
    assert "Nothing needs your attention." in shown(console.get("/"))


def test_a_disabled_registration_is_not_failing(
    console: Console, register: Registering, session: Session
) -> None:
    row = register()
    health.note_error(session, row.registration_id, Fault.KEY, "x")
    row = session.get_one(Registration, row.registration_id)
    row.status = RegistrationStatus.DISABLED
    session.commit()
    assert "Nothing needs your attention." in shown(console.get("/"))


def test_pages_take_the_same_statements_however_many_there_are(
    console: Console, register: Registering
) -> None:
    def statements(path: str) -> int:
        sent: list[object] = []

        def note(*args: object) -> None:
            sent.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            console.get(path)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(sent)

    register()
    before = [statements(path) for path in ("/", "/platforms", "/keys")]
    for number in range(5):
        register(f"lms{number}.example", deployments=("1", "2"))
    assert [statements(path) for path in ("/", "/platforms", "/keys")] == before
    assert max(before) <= 5


NOBODYS = "6f9c1c9e-0000-4000-8000-000000000000"
"""An id that stands for nothing."""

FORM = {
    "name": "Lakeside",
    "issuer": "https://lms.example",
    "client_id": "c1",
    "auth_url": "https://lms.example/auth",
    "token_url": "https://lms.example/token",
    "jwks_url": "https://lms.example/jwks",
}


def test_a_platform_is_added_by_hand(console: Console, session: Session) -> None:
    text = console.done("/platforms/new", **FORM, deployments="1:a\n\n 2:b \n", auth_audience="")
    assert "The platform is added" in text
    row = session.scalars(select(Registration)).one()
    assert (row.issuer, row.client_id, row.auth_audience) == ("https://lms.example", "c1", None)
    ids = session.scalars(select(Deployment.lti_deployment_id).order_by("lti_deployment_id")).all()
    assert ids == ["1:a", "2:b"]
    assert last(session).action == "registration.added"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("jwks_url", "http://lms.example/jwks", "neither https"),
        ("token_url", "nonsense", "Not an address"),
        ("token_url", "", "An address that begins with https:// is needed."),
        ("auth_url", "https://lms.exämple/", "address"),
        ("issuer", "", "issuer must have"),
        ("client_id", "x" * 256, "client id must have"),
        ("name", "", "Give a name"),
        ("deployments", "x" * 256, "deployment must have"),
        ("issuer", "a\x00b", "issuer must have"),
    ],
)
def test_errors_stand_beside_their_field(
    field: str, value: str, said: str, console: Console, session: Session
) -> None:
    answer = console.post("/platforms/new", **{**FORM, field: value})
    assert answer.status_code == 422
    error = answer.text.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert said in error, answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert session.scalars(select(Registration)).all() == []


def test_a_clash_stands_beside_the_client_id(console: Console, session: Session) -> None:
    console.done("/platforms/new", **FORM)
    answer = console.post("/platforms/new", **{**FORM, "jwks_url": "https://other.example/jwks"})
    assert answer.status_code == 422
    assert "registered already" in answer.text.partition('id="client_id-error"')[2][:600]
    assert len(session.scalars(select(Registration)).all()) == 1


def test_a_platform_is_renamed(console: Console, register: Registering, session: Session) -> None:
    """One that registered by itself is named by its host."""
    row = register()
    path = f"/platforms/{row.platform_id}/rename"
    assert "Harbour Moodle" in console.done(path, name=" Harbour   Moodle ")
    assert last(session).details == {"from": "Lakeside", "to": "Harbour Moodle"}
    for name in ("", "x" * 201, "a\x00b"):
        answer = console.post(path, name=name)
        assert answer.status_code == 422 and 'id="name-error"' in answer.text
    assert "Harbour Moodle" in shown(console.get("/platforms"))


@pytest.mark.parametrize(
    "path",
    [
        f"/platforms/{NOBODYS}/key-set",
        f"/platforms/{NOBODYS}/rename",
        f"/registrations/{NOBODYS}/approve",
        f"/deployments/{NOBODYS}/disable",
        f"/deployments/{NOBODYS}/institution",
        f"/platforms/{NOBODYS}/moved",
        f"/institutions/{NOBODYS}/off",
        f"/institutions/{NOBODYS}/rename",
        f"/invitations/{NOBODYS}/revoke",
    ],
)
def test_what_is_not_there_is_not_found(path: str, console: Console) -> None:
    assert console.post(path, name="x", institution_id="").status_code == 404


def test_a_key_set_is_fetched_now(
    console: Console,
    register: Registering,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = {"kty": "RSA", "kid": "k1", "n": "AA", "e": "AQAB", "alg": "RS256"}
    fetched = keysets.Fetched([key], timedelta(hours=1))
    row = register()
    monkeypatch.setattr(keysets, "fetch", lambda _client, _url: fetched)
    assert "k1" in console.done(f"/platforms/{row.platform_id}/key-set")
    kept = session.scalars(select(CachedKeySet)).one()
    assert kept.url == "https://lms.example/jwks" and kept.keys == [key]
    assert "k1" in shown(console.get("/keys"))


def test_a_key_set_that_can_not_be_had_says_why(
    console: Console, register: Registering, session: Session
) -> None:
    row = register("lms.invalid")
    answer = console.post(f"/platforms/{row.platform_id}/key-set")
    assert answer.status_code == 502 and "could not be fetched" in shown(answer)
    assert session.scalars(select(CachedKeySet)).all() == []


def test_the_record_is_paged(console: Console, session: Session) -> None:
    for number in range(120):
        session.add(AuditEvent(operator_name="Eve", action="keys.rotated", subject=f"k{number}"))
    session.add(AuditEvent(action="material.deleted", subject="a teacher's"))
    session.commit()
    pages, address = 0, "/record"
    seen = 0
    while address:
        page = console.get(address)
        pages += 1
        seen += page.text.count("<bdi>Eve</bdi>")
        assert "material.deleted" not in page.text
        _, found, rest = page.text.partition('href="/admin/record?before=')
        address = f"/record?before={rest.partition(chr(34))[0]}" if found else ""
    assert (pages, seen) == (3, 120)
    for odd in ("-1", "x", str(2**70)):
        console.get(f"/record?before={odd}")


def test_texts_of_an_lms_are_shown_as_text(
    console: Console, register: Registering, session: Session
) -> None:
    row = register(name="<b>Bold</b>", client_id="<i>c</i>", deployments=("<u>1</u>",))
    for path in ("/", "/platforms", f"/platforms/{row.platform_id}", "/keys", "/record"):
        text = console.get(path).text
        assert not any(tag in text for tag in ("<b>", "<i>", "<u>")), path


def test_platforms_come_a_hundred_to_a_page(
    console: Console, register: Registering, session: Session
) -> None:
    for number in range(101):
        register(f"lms{number}.example", name=f"School {number}", client_id=f"c{number}")
    first = console.get("/platforms")
    assert first.text.count("<tr>") == 1 + 100 and "Page 1 of 2, 101 in all" in shown(first)
    second = shown(console.get("/platforms?page=2"))
    assert "School 100" in second and "School 99" not in second
    for odd in ("0", "-5", "99", "x", "9" * 30):
        assert "in all" in shown(console.get(f"/platforms?page={odd}"))


def test_one_page_needs_no_pager(console: Console, register: Registering) -> None:
    register()
    assert "Page 1" not in shown(console.get("/platforms"))


def test_a_message_names_nothing_that_is_not_there(console: Console, register: Registering) -> None:
    row = register()
    for item in ("x", "00000000-0000-0000-0000-000000000000", ""):
        page = console.get(f"/platforms/{row.platform_id}?done=approved&item={item}")
        assert "may launch" not in shown(page)
