"""Invitations: who holds the code in the address may register one LMS, once, within days."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Invitation, RateCounter, now

LIFE = timedelta(days=7)
LOOKS_KEPT = timedelta(hours=2)
MOST_LOOKS = 30
"""In an hour: whoever holds an invitation has us ask an address of their choice each time."""
TAKEN_FOR = timedelta(minutes=2)
"""Longer than a registration may take on the wire."""

UNKNOWN = (
    "This address is not an invitation of CourseLLM. "
    "Please copy the whole address that you were given, or ask for a new one."
)
SPENT = (
    "This invitation was used already: one invitation connects one LMS. "
    "To connect another, please ask for a new invitation."
)
EXPIRED = "This invitation has run out. Please ask for a new one."
TAKEN = (
    "A registration with this invitation is under way just now. "
    "Wait two minutes; if it did not succeed, start again from your LMS."
)
OFTEN = "This invitation was tried many times within an hour. Please try again in an hour."
_COUNTED = "invitation:"


class InvitationRefused(Exception):
    """An invitation that opens nothing: unknown, run out, spent, or in use just now.

    `sentence` is for the person, the message for the log.
    """

    def __init__(self, status: int, sentence: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.sentence = sentence


def invite(
    session: Session, note: str, institution_id: UUID | None = None
) -> tuple[Invitation, str]:
    """A new invitation, and its code: shown once, kept as a hash alone."""
    code = secrets.token_urlsafe(32)
    row = Invitation(
        code_hash=_hash(code),
        note=note,
        institution_id=institution_id,
        expires_at=now() + LIFE,
    )
    session.add(row)
    session.flush()
    return row, code


def find_open(session: Session, code: str) -> Invitation:
    """The invitation of this code, if it is open. Raises InvitationRefused."""
    row = session.scalar(select(Invitation).where(Invitation.code_hash == _hash(code)))
    if row is None:
        raise InvitationRefused(404, UNKNOWN, "invitation: unknown code")
    if row.spent_at is not None:
        raise InvitationRefused(410, SPENT, f"invitation {row.invitation_id} is spent")
    if row.expires_at <= now():
        raise InvitationRefused(410, EXPIRED, f"invitation {row.invitation_id} has run out")
    return row


def count_look(session: Session, invitation_id: UUID) -> None:
    """Before an address is asked for this invitation. Raises InvitationRefused beyond the limit."""
    window = now().replace(minute=0, second=0, microsecond=0)
    count = session.scalar(
        insert(RateCounter)
        .values(key=f"{_COUNTED}{invitation_id}", window_start=window, count=1)
        .on_conflict_do_update(
            index_elements=[RateCounter.key, RateCounter.window_start],
            set_={"count": RateCounter.count + 1},
        )
        .returning(RateCounter.count)
    )
    if (count or 0) > MOST_LOOKS:
        raise InvitationRefused(429, OFTEN, f"invitation {invitation_id}: {count} looks this hour")


def delete_old_counts(session: Session) -> None:
    """Delete the counts of hours that are over."""
    session.execute(
        delete(RateCounter).where(
            RateCounter.key.startswith(_COUNTED), RateCounter.window_start < now() - LOOKS_KEPT
        )
    )


def take(session: Session, invitation_id: UUID) -> None:
    """Keep everybody else off while a registration is on the wire. One statement, one winner.

    Raises InvitationRefused.
    """
    moment = now()
    is_free = or_(Invitation.taken_until.is_(None), Invitation.taken_until <= moment)
    if not _change(session, invitation_id, _is_open() & is_free, taken_until=moment + TAKEN_FOR):
        raise InvitationRefused(409, TAKEN, f"invitation {invitation_id} is taken or not open")


def release(session: Session, invitation_id: UUID) -> None:
    """The registration came to nothing: the invitation may be used again."""
    _change(session, invitation_id, Invitation.spent_at.is_(None), taken_until=None)


def spend(session: Session, invitation_id: UUID, registration_id: UUID) -> None:
    """Spend the invitation on a registration. Raises InvitationRefused if somebody was faster."""
    is_unspent = Invitation.spent_at.is_(None)
    if not _change(
        session, invitation_id, is_unspent, spent_at=now(), registration_id=registration_id
    ):
        raise InvitationRefused(410, SPENT, f"invitation {invitation_id} was spent just now")


def revoke(session: Session, invitation_id: UUID) -> bool:
    """End an invitation that is still open; whether there was one."""
    return _change(session, invitation_id, _is_open(), expires_at=now())


def listed(session: Session, most: int = 200) -> Sequence[Invitation]:
    """The invitations, the newest first."""
    return session.scalars(
        select(Invitation).order_by(Invitation.created_at.desc()).limit(most)
    ).all()


def address(url: str, code: str) -> str:
    """What an administrator pastes into the LMS."""
    return f"{url}/lti/register?invite={code}"


def _change(
    session: Session, invitation_id: UUID, condition: ColumnElement[bool], **values: object
) -> bool:
    changed = session.execute(
        update(Invitation)
        .where(Invitation.invitation_id == invitation_id, condition)
        .values(**values)
        .returning(Invitation.invitation_id)
    ).all()
    return bool(changed)


def _is_open() -> ColumnElement[bool]:
    return Invitation.spent_at.is_(None) & (Invitation.expires_at > now())


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()
