"""Institutions at the console, and what switching one off does to launches."""

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from demo_lms import Platform
from models import AuditEvent, Deployment, Institution, Registration, ToolSession
from tests.admin.conftest import Console, Registering, shown
from tests.launch.conftest import (  # noqa: F401 - fixtures
    browser,
    platform,
    registration,
    served,
)
from tests.launch.lms import Browser


def add(console: Console, session: Session, name: str = "Lakeside") -> Institution:
    assert "The institution is added" in console.done("/institutions", name=name)
    return session.scalars(select(Institution).where(Institution.name == name)).one()


def test_added_renamed_and_switched(console: Console, session: Session) -> None:
    row = add(console, session)
    assert "Lakeside College" in console.done(
        f"/institutions/{row.institution_id}/rename", name=" Lakeside   College "
    )
    assert "Switched off" in console.done(f"/institutions/{row.institution_id}/off")
    assert "is switched on" in console.done(f"/institutions/{row.institution_id}/on")
    session.rollback()
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.event_id)).all()
    assert [(one.action, one.operator_name) for one in events[-4:]] == [
        ("institution.added", "Ada"),
        ("institution.renamed", "Ada"),
        ("institution.switched_off", "Ada"),
        ("institution.switched_on", "Ada"),
    ]
    assert events[-3].details == {"name": "Lakeside College"}


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "lakeside", "a\x00"])
def test_a_name_must_be_one_and_its_own(name: str, console: Console, session: Session) -> None:
    add(console, session)
    other = add(console, session, "Other")
    for path in ("/institutions", f"/institutions/{other.institution_id}/rename"):
        answer = console.post(path, name=name)
        assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    session.rollback()
    names = session.scalars(select(Institution.name).order_by(Institution.name)).all()
    assert names == ["Lakeside", "Other"]


def test_a_name_can_be_given_again_in_other_letters(console: Console, session: Session) -> None:
    row = add(console, session)
    assert "LAKESIDE" in console.done(f"/institutions/{row.institution_id}/rename", name="LAKESIDE")


def test_deployments_are_assigned(
    console: Console, register: Registering, session: Session
) -> None:
    row, school = register(), add(console, session)
    deployment = session.scalars(select(Deployment)).one()
    path = f"/deployments/{deployment.deployment_id}/institution"
    text = console.done(path, institution_id=str(school.institution_id))
    assert "The deployment is assigned" in text
    session.refresh(deployment)
    assert deployment.institution_id == school.institution_id
    assert "Lakeside On 1" in shown(console.get("/institutions"))
    console.done(path, institution_id="")
    session.refresh(deployment)
    assert deployment.institution_id is None
    assert console.post(path, institution_id=str(row.platform_id)).status_code == 404

    console.done(path, institution_id=str(school.institution_id))
    for unreadable in ({"institution_id": "no id"}, {}):
        answer = console.post(path, **unreadable)
        assert answer.status_code == 422 and "Nothing was changed" in shown(answer)
    session.rollback()
    session.expire_all()
    assert deployment.institution_id == school.institution_id, "an odd form takes nothing away"


def test_nobody_of_a_school_that_is_off_comes_in(
    app: Flask,
    console: Console,
    session: Session,
    browser: Browser,  # noqa: F811
    platform: Platform,  # noqa: F811
) -> None:
    school = add(console, session)
    session.execute(update(Deployment).values(institution_id=school.institution_id))
    session.commit()
    assert browser.launch(platform).status_code == 303
    console.done(f"/institutions/{school.institution_id}/off")
    session.rollback()
    assert session.scalars(select(ToolSession)).all() == [], "who was in is out"
    assert browser.launch(platform).status_code == 403
    page = console.get(f"/platforms/{session.scalars(select(Registration)).one().platform_id}")
    assert "Its institution is switched off" in shown(page)
    console.done(f"/institutions/{school.institution_id}/on")
    assert browser.launch(platform).status_code == 303
