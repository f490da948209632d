"""Launches that are genuine, and wait until their browser shows the secret of its login."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_config.launch import Launch
from lti_config.states import hash_of
from models import LaunchState, PendingLaunch, now

LIFE = timedelta(minutes=2)


def hold(session: Session, state: str, launch: Launch) -> str:
    """Keep a verified launch for two minutes; the handle that its page is given."""
    handle = secrets.token_urlsafe(32)
    session.add(
        PendingLaunch(
            handle_hash=hash_of(handle),
            state=state,
            claims=launch.to_json(),
            expires_at=now() + LIFE,
        )
    )
    session.flush()
    return handle


@dataclass(frozen=True)
class Held:
    """A launch that waited, and whether its browser has now proved itself."""

    launch: Launch
    is_proved: bool


def release(session: Session, handle: str, browser_secret: str) -> Held | None:
    """The launch that waited under this handle.

    One try: once a secret is shown it waits no more, right or wrong. Without one it waits on,
    for the browser may still find the secret when the person lets it.
    """
    if not browser_secret:
        claims = session.scalar(
            select(PendingLaunch.claims).where(
                PendingLaunch.handle_hash == hash_of(handle), PendingLaunch.expires_at > now()
            )
        )
        return Held(Launch.from_json(claims), is_proved=False) if claims else None
    row = session.execute(
        delete(PendingLaunch)
        .where(
            PendingLaunch.handle_hash == hash_of(handle),
            PendingLaunch.expires_at > now(),
            LaunchState.state == PendingLaunch.state,
        )
        .returning(PendingLaunch.claims, LaunchState.secret_hash)
    ).one_or_none()
    if row is None:
        return None
    is_proved = hmac.compare_digest(row.secret_hash, hash_of(browser_secret))
    return Held(Launch.from_json(row.claims), is_proved)


def delete_expired(session: Session) -> None:
    """Delete those that have run out."""
    session.execute(delete(PendingLaunch).where(PendingLaunch.expires_at < now()))
