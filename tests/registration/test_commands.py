"""`flask platform …`: what an operator types, and what goes wrong."""

from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.connections import invitations
from models import (
    Deployment,
    Institution,
    Invitation,
    Registration,
    RegistrationStatus,
    ToolSession,
)
from tests import factories
from tests.helpers import enter

GOOD = {
    "--name": "Lakeside",
    "--issuer": "https://lms.example",
    "--client-id": "c1",
    "--auth-url": "https://lms.example/auth",
    "--token-url": "https://lms.example/token",
    "--jwks-url": "https://lms.example/jwks",
}


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=list(words))


def add(app: Flask, *more: str, **given: str | None) -> Result:
    options = {**GOOD, **{f"--{name.replace('_', '-')}": text for name, text in given.items()}}
    words = [word for name, text in options.items() if text is not None for word in (name, text)]
    return run(app, "platform", "add", *words, *more)


def test_adding_a_platform(app: Flask, session: Session):
    done = add(app, "--deployment", "1:a", "--deployment", "2:b")
    assert done.exit_code == 0, done.output
    for address in ("/lti/login", "/lti/launch", "/lti/jwks"):
        assert f"http://localhost:8000{address}" in done.output
    row = session.scalars(select(Registration)).one()
    assert row.status is RegistrationStatus.ACTIVE and not row.adopts_first_deployment
    ids = session.scalars(select(Deployment.lti_deployment_id).order_by("lti_deployment_id")).all()
    assert ids == ["1:a", "2:b"]


def test_without_a_deployment_the_first_is_adopted(app: Flask, session: Session):
    assert add(app).exit_code == 0
    assert session.scalars(select(Registration)).one().adopts_first_deployment


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"jwks_url": "http://lms.example/jwks"}, "https"),
        ({"token_url": "not an address"}, "address"),
        ({"issuer": ""}, "issuer"),
        ({"client_id": "x" * 256}, "client id"),
        ({"name": None}, "--name"),
    ],
)
def test_bad_options(given: dict[str, Any], said: str, app: Flask, session: Session):
    failed = add(app, **given)
    assert failed.exit_code != 0
    assert said in failed.output and "Traceback" not in failed.output
    assert session.scalars(select(Registration)).all() == []


def test_a_clash_says_what_to_do(app: Flask, session: Session):
    add(app)
    failed = add(app, jwks_url="https://other.example/jwks")
    assert failed.exit_code != 0
    assert "registered already" in failed.output and "lti_iss" in failed.output
    assert add(app, client_id="c2").exit_code == 0


def test_list_and_switch(app: Flask, session: Session):
    assert "No platform yet" in run(app, "platform", "list").output
    add(app, "--deployment", "1:a")
    row = session.scalars(select(Registration)).one()
    shown = run(app, "platform", "list").output
    for text in (str(row.registration_id), "Lakeside", "https://lms.example", "c1", "1:a"):
        assert text in shown
    for command, status in (("disable", "disabled"), ("approve", "active")):
        for item in (row.registration_id, session.scalars(select(Deployment.deployment_id)).one()):
            assert run(app, "platform", command, str(item)).exit_code == 0
        assert run(app, "platform", "list").output.count(f"  {status}") == 2


def test_switching_off_ends_the_sessions_that_came_by_it(app: Flask, session: Session):
    add(app, "--deployment", "1:a")
    course = factories.course(session)
    for kind, key in ((Registration, "registration_id"), (Deployment, "deployment_id")):
        item = getattr(session.scalars(select(kind)).one(), key)
        ending = enter(app, session, course, **{key: item})
        staying = enter(app, session, course)
        assert run(app, "platform", "disable", str(item)).exit_code == 0
        kept = session.scalars(select(ToolSession.session_id)).all()
        assert ending.sid not in kept and staying.sid in kept


@pytest.mark.parametrize("item", ["6f9c1c9e-0000-4000-8000-000000000000", "nonsense"])
def test_switching_what_is_not_there(item: str, app: Flask):
    failed = run(app, "platform", "disable", item)
    assert failed.exit_code != 0 and "Traceback" not in failed.output


def test_inviting(app: Flask, session: Session):
    school = Institution(name="Lakeside")
    session.add(school)
    session.commit()
    school_id = str(school.institution_id)
    done = run(app, "platform", "invite", "--for", "Lakeside", "--institution", school_id)
    assert done.exit_code == 0, done.output
    address = done.output.splitlines()[0]
    assert address.startswith("http://localhost:8000/lti/register?invite=")
    found = invitations.find_open(session, address.partition("=")[2])
    assert (found.note, found.institution_id) == ("Lakeside", school.institution_id)


def test_inviting_for_no_school_of_ours(app: Flask, session: Session):
    failed = run(app, "platform", "invite", "--for", "X", "--institution", str(uuid4()))
    assert failed.exit_code != 0 and "no institution" in failed.output
    assert session.scalars(select(Invitation)).all() == []


@pytest.mark.parametrize("group", ["platform", "keys"])
def test_help(group: str, app: Flask):
    assert run(app, group, "--help").exit_code == 0


def test_commands_stand_in_the_operators_record(app: Flask, session: Session):
    add(app, "--deployment", "1:a")
    row = session.scalars(select(Registration)).one()
    run(app, "platform", "disable", str(row.registration_id))
    run(app, "platform", "approve", str(session.scalars(select(Deployment.deployment_id)).one()))
    run(app, "platform", "invite", "--for", "Ms Berg")
    run(app, "platform", "disable", str(uuid4()))
    events = audit.of_operators(session, None, 10)
    assert {event.operator_name for event in events} == {audit.COMMAND_LINE}
    assert [event.action for event in reversed(events)] == [
        "registration.added",
        "registration.disabled",
        "deployment.approved",
        "invitation.made",
    ]
