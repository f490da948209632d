"""The record: every change at the console stands there, under the name of who made it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections import switches
from lti_config import keys, keysets
from models import AuditEvent, Institution, Invitation
from tests.admin.conftest import Console, Registering
from tests.admin.test_platforms import FORM

KEY = {"kty": "RSA", "kid": "k1", "n": "AA", "e": "AQAB", "alg": "RS256"}


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any key set address answers with one key."""
    found = keysets.Fetched([KEY], timedelta(hours=1))
    monkeypatch.setattr(keysets, "fetch", lambda _client, _url: found)


def test_every_change_stands_there_under_its_operator(
    console: Console, register: Registering, session: Session, settings: Any, fetched: None
) -> None:
    row = register()
    waiting = switches.note_unknown_deployment(session, row.registration_id, "2:new")
    keys.signing_key(session, settings.secret_keys)
    session.commit()
    platform, registration = (
        f"/platforms/{row.platform_id}",
        f"/registrations/{row.registration_id}",
    )
    deployment = f"/deployments/{waiting.deployment_id}"
    console.done("/institutions", name="Lakeside College")
    school = session.scalars(select(Institution.institution_id)).one()
    session.rollback()
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("deployment.approved", f"{deployment}/approve", {}),
        ("deployment.assigned", f"{deployment}/institution", {"institution_id": school}),
        ("deployment.disabled", f"{deployment}/disable", {}),
        ("registration.disabled", f"{registration}/disable", {}),
        ("registration.approved", f"{registration}/approve", {}),
        ("platform.renamed", f"{platform}/rename", {"name": "Lakeside Moodle"}),
        ("platform.key_set_fetched", f"{platform}/key-set", {}),
        ("institution.renamed", f"/institutions/{school}/rename", {"name": "Lakeside"}),
        ("institution.switched_off", f"/institutions/{school}/off", {}),
        ("institution.switched_on", f"/institutions/{school}/on", {}),
        ("keys.rotated", "/keys/rotate", {}),
        ("keys.encrypted_anew", "/keys/encrypt-anew", {}),
        ("registration.added", "/platforms/new", {**FORM, "client_id": "c2"}),
    ]
    for _, path, form in steps:
        console.done(path, **form)
    assert console.post("/invitations", note="Lakeside", institution_id="").status_code == 200
    open_one = session.scalars(select(Invitation.invitation_id)).one()
    session.rollback()
    console.done(f"/invitations/{open_one}/revoke")

    events = session.scalars(select(AuditEvent).order_by(AuditEvent.event_id)).all()
    made = [event for event in events if not event.action.startswith("operator.")]
    assert [event.action for event in made] == [
        "institution.added",
        *(action for action, _, _ in steps),
        "invitation.made",
        "invitation.revoked",
    ]
    assert {event.operator_name for event in events} == {"Ada"}
