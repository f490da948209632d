"""Invitations: one code, one LMS, one winner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.connections import invitations
from app.connections.invitations import InvitationRefused
from app.extensions import transaction
from models import Invitation, Platform, Registration, RegistrationStatus, now


def a_registration(session: Session) -> Registration:
    platform = Platform(name="L", issuer="https://lms.example", jwks_url="https://lms.example/k")
    session.add(platform)
    session.flush()
    row = Registration(
        platform_id=platform.platform_id,
        issuer=platform.issuer,
        client_id="c",
        auth_url="https://lms.example/a",
        token_url="https://lms.example/t",
        status=RegistrationStatus.PENDING,
    )
    session.add(row)
    session.flush()
    return row


def test_an_open_invitation_is_found_by_its_code_alone(session: Session):
    row, code = invitations.invite(session, "Lakeside")
    assert invitations.find_open(session, code) is row
    assert code.encode() not in row.code_hash
    assert timedelta(days=6) < row.expires_at - now() < timedelta(days=8)


@pytest.mark.parametrize("code", ["", "x", "ä\x00", "\ud800"])
def test_a_code_that_was_never_given(code: str, session: Session):
    invitations.invite(session, "Lakeside")
    with pytest.raises(InvitationRefused) as refused:
        invitations.find_open(session, code)
    assert refused.value.status == 404


def test_one_that_has_run_out(session: Session):
    row, code = invitations.invite(session, "Lakeside")
    row.expires_at = now() - timedelta(seconds=1)
    session.flush()
    with pytest.raises(InvitationRefused, match="run out"):
        invitations.find_open(session, code)
    with pytest.raises(InvitationRefused):
        invitations.take(session, row.invitation_id)


def test_spent_once(session: Session):
    row, code = invitations.invite(session, "Lakeside")
    registration = a_registration(session)
    invitations.spend(session, row.invitation_id, registration.registration_id)
    for again in (
        lambda: invitations.find_open(session, code),
        lambda: invitations.spend(session, row.invitation_id, registration.registration_id),
        lambda: invitations.take(session, row.invitation_id),
    ):
        with pytest.raises(InvitationRefused):
            again()
    assert not invitations.revoke(session, row.invitation_id)


def test_revoked(session: Session):
    row, code = invitations.invite(session, "Lakeside")
    assert invitations.revoke(session, row.invitation_id)
    with pytest.raises(InvitationRefused):
        invitations.find_open(session, code)
    assert not invitations.revoke(session, row.invitation_id)


def test_taken_and_given_back(session: Session):
    row, _ = invitations.invite(session, "Lakeside")
    invitations.take(session, row.invitation_id)
    with pytest.raises(InvitationRefused, match="taken"):
        invitations.take(session, row.invitation_id)
    invitations.release(session, row.invitation_id)
    invitations.take(session, row.invitation_id)


def test_a_taker_that_died_keeps_nobody_off_for_long(session: Session):
    row, _ = invitations.invite(session, "Lakeside")
    invitations.take(session, row.invitation_id)
    row.taken_until = now() - timedelta(seconds=1)
    session.flush()
    invitations.take(session, row.invitation_id)


def test_of_two_takers_at_once_one_wins(app: Flask, session: Session):
    row, _ = invitations.invite(session, "Lakeside")
    session.commit()
    together = Barrier(2)

    def take(invitation_id: UUID) -> bool:
        with app.app_context():
            together.wait()
            try:
                with transaction() as own:
                    invitations.take(own, invitation_id)
            except InvitationRefused:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, [row.invitation_id] * 2)) == [False, True]


def test_the_newest_stands_first(session: Session):
    notes = ["a", "b", "c"]
    for age, note in enumerate(reversed(notes)):
        row, _ = invitations.invite(session, note)
        row.created_at = now() - timedelta(hours=age)
    session.flush()
    listed: list[Invitation] = list(invitations.listed(session))
    assert [row.note for row in listed] == list(reversed(notes))
