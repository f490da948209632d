"""Invitations at the console: the address is shown once and kept nowhere."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections import invitations
from app.connections.invitations import InvitationRefused
from app.extensions import transaction
from models import AuditEvent, Institution, Invitation
from tests.admin.conftest import TOOL, Console, shown


def test_an_invitation_is_shown_once_and_opens_the_registration(
    console: Console, session: Session
) -> None:
    school = Institution(name="Lakeside")
    session.add(school)
    session.commit()
    answer = console.post(
        "/invitations", note="Ms  Berg", institution_id=str(school.institution_id)
    )
    assert answer.status_code == 200
    found = re.search(re.escape(TOOL) + r"/lti/register\?invite=([\w-]+)", answer.text)
    assert found
    code = found[1]
    row = invitations.find_open(session, code)
    assert (row.note, row.institution_id) == ("Ms Berg", school.institution_id)
    again = console.get("/invitations")
    assert code not in again.text and "Ms Berg Lakeside Open" in shown(again)
    assert code not in console.get("/record").text
    details = session.scalars(select(AuditEvent.details)).all()
    assert code not in str(details) and {"for": "Ms Berg"} in details


def test_an_invitation_is_revoked(console: Console, session: Session) -> None:
    with transaction() as one:
        row, code = invitations.invite(one, "Mr Roe")
    assert "is revoked" in console.done(f"/invitations/{row.invitation_id}/revoke")
    with pytest.raises(InvitationRefused):
        invitations.find_open(session, code)
    assert "Mr Roe None Over" in shown(console.get("/invitations"))
    assert console.post(f"/invitations/{row.invitation_id}/revoke").status_code == 404


@pytest.mark.parametrize("note", ["", " ", "x" * 201, "a\x00b"])
def test_it_must_say_whom_it_is_for(note: str, console: Console, session: Session) -> None:
    answer = console.post("/invitations", note=note)
    assert answer.status_code == 422 and "Say whom it is for" in shown(answer)
    assert session.scalars(select(Invitation)).all() == []
