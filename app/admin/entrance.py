"""How operators come in: a link from the command line, spent once, becomes a session.

No password is kept anywhere: who may run commands on the server may make a link. Links and
sessions are kept as hashes, so whoever reads the database can't come in with what stands there.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit
from app.errors import DomainError
from models import Operator, OperatorLink, OperatorSession, now

LINK_LIFE = timedelta(minutes=10)
LIFE = timedelta(hours=8)
IDLE = timedelta(minutes=60)
SEEN_STEP = timedelta(minutes=1)
LONGEST_NAME = 100


class LinkRefused(DomainError):
    """The link does not open the console."""

    status = 401
    sentence = (
        "This link was used already, or its ten minutes are over. Make a new one on the server."
    )


class OperatorRefused(DomainError):
    """There can be no link for this operator."""


@dataclass(frozen=True)
class AtConsole:
    """The operator of a request."""

    operator_id: UUID
    name: str
    session_hash: bytes


def make_link(session: Session, name: str) -> str:
    """The secret of a new link for this operator, who is added if new. Raises OperatorRefused."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise OperatorRefused(f"An operator's name has 1 to {LONGEST_NAME} printable characters.")
    session.execute(
        insert(Operator)
        .values(name=name, is_active=True, created_at=now())
        .on_conflict_do_nothing()
    )
    operator = session.scalars(select(Operator).where(Operator.name == name)).one()
    if not operator.is_active:
        raise OperatorRefused(f"{name} is switched off. `flask admin enable` switches them on.")
    secret = secrets.token_urlsafe(32)
    session.add(
        OperatorLink(
            secret_hash=_hash(secret),
            operator_id=operator.operator_id,
            expires_at=now() + LINK_LIFE,
        )
    )
    audit.record_operator(session, name, "operator.link_made", name)
    session.flush()
    return secret


def spend_link(session: Session, secret: str) -> str:
    """Spend the link: the secret of the session that it opens. One statement, one winner.

    Raises LinkRefused.
    """
    moment = now()
    operator_id = session.scalar(
        update(OperatorLink)
        .where(
            OperatorLink.secret_hash == _hash(secret),
            OperatorLink.spent_at.is_(None),
            OperatorLink.expires_at > moment,
        )
        .values(spent_at=moment)
        .returning(OperatorLink.operator_id)
    )
    operator = session.get(Operator, operator_id) if operator_id else None
    if operator is None or not operator.is_active:
        raise LinkRefused(reason="operator's link is unknown, spent, over, or of one switched off")
    opened = secrets.token_urlsafe(32)
    session.add(
        OperatorSession(
            secret_hash=_hash(opened), operator_id=operator.operator_id, expires_at=moment + LIFE
        )
    )
    audit.record_operator(session, operator.name, "operator.entered", operator.name)
    session.flush()
    return opened


def enter(session: Session, secret: str) -> AtConsole | None:
    """The operator whose session this is, if it has not ended."""
    moment, key = now(), _hash(secret)
    row = session.execute(
        select(OperatorSession.last_seen_at, Operator.operator_id, Operator.name)
        .join(Operator, Operator.operator_id == OperatorSession.operator_id)
        .where(
            OperatorSession.secret_hash == key,
            OperatorSession.expires_at > moment,
            OperatorSession.last_seen_at > moment - IDLE,
            Operator.is_active,
        )
    ).one_or_none()
    if row is None:
        return None
    if row.last_seen_at < moment - SEEN_STEP:
        seen = update(OperatorSession).where(OperatorSession.secret_hash == key)
        session.execute(seen.values(last_seen_at=moment))
    return AtConsole(row.operator_id, row.name, key)


def leave(session: Session, secret: str) -> None:
    """End this session."""
    session.execute(delete(OperatorSession).where(OperatorSession.secret_hash == _hash(secret)))


def set_active(session: Session, name: str, is_active: bool) -> bool:
    """Switch an operator on or off; whether there is one. Off ends sessions and links."""
    operator_id = session.scalar(
        update(Operator)
        .where(Operator.name == name.strip())
        .values(is_active=is_active)
        .returning(Operator.operator_id)
    )
    if operator_id is None:
        return False
    if not is_active:
        for kind in (OperatorSession, OperatorLink):
            session.execute(delete(kind).where(kind.operator_id == operator_id))
    action = "operator.enabled" if is_active else "operator.disabled"
    audit.record_operator(session, name.strip(), action, name.strip())
    return True


def listed(session: Session) -> Sequence[Operator]:
    return session.scalars(select(Operator).order_by(Operator.name)).all()


def delete_expired(session: Session) -> None:
    """Delete links and sessions that have ended."""
    moment = now()
    session.execute(delete(OperatorLink).where(OperatorLink.expires_at < moment))
    ended = (OperatorSession.expires_at < moment) | (OperatorSession.last_seen_at < moment - IDLE)
    session.execute(delete(OperatorSession).where(ended))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
