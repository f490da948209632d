"""Logins on their way: state and nonce in one row, spent once (Security Framework 5.1.1).

The secret that the browser was given proves that it is the one that began: a state that merely
exists in the database would let an attacker log somebody else in as himself.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CTE, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from lti_config.approval import KnownDeployment, check_registration, known
from lti_config.errors import LaunchRefused
from models import (
    CachedKeySet,
    Deployment,
    Institution,
    LaunchState,
    Platform,
    Registration,
    now,
    table,
)

LIFE = timedelta(minutes=10)

AGAIN = "This sign-in has run out. Please open the link in your course again."
ALREADY_OPENED = (
    "This was already opened. To go on, open the link in your course page again: "
    "going back or reloading can't repeat a sign-in."
)
BLOCKED = (
    "Your browser blocked the sign-in check. Please open the link in your course again, "
    "in a new tab if you can."
)


@dataclass(frozen=True)
class NewState:
    """A login that was begun: its secret is for the browser alone."""

    state: str
    nonce: str
    secret: str


@dataclass(frozen=True)
class Awaited:
    """The login that a launch answers: all that its token is held against."""

    state: str
    nonce: str
    target_link_uri: str
    storage_target: str | None
    registration_id: UUID
    platform_id: UUID
    issuer: str
    client_id: str
    auth_url: str
    jwks_url: str
    product_family: str | None
    deployment: KnownDeployment | None
    """The one that the token names, if it is known. Looked up before the token is trusted."""
    keys: CachedKeySet | None


_states = table(LaunchState)
_BEGIN = insert(_states)


def begin(
    session: Session,
    registration_id: UUID,
    target_link_uri: str,
    storage_target: str | None = None,
) -> NewState:
    """Keep a new login for ten minutes."""
    new = NewState(*(secrets.token_urlsafe(32) for _ in range(3)))
    session.execute(
        _BEGIN,
        {
            "state": new.state,
            "nonce": new.nonce,
            "registration_id": registration_id,
            "target_link_uri": target_link_uri,
            "storage_target": storage_target,
            "secret_hash": hash_of(new.secret),
            "expires_at": now() + LIFE,
        },
    )
    return new


_AWAITED = (
    select(LaunchState, Registration, Platform, Deployment, CachedKeySet, Institution.is_active)
    .join(Registration, Registration.registration_id == LaunchState.registration_id)
    .join(Platform, Platform.platform_id == Registration.platform_id)
    .outerjoin(
        Deployment,
        (Deployment.registration_id == Registration.registration_id)
        & (Deployment.lti_deployment_id == bindparam("deployment")),
    )
    .outerjoin(Institution, Institution.institution_id == Deployment.institution_id)
    .outerjoin(CachedKeySet, CachedKeySet.url == Platform.jwks_url)
    .where(LaunchState.state == bindparam("state"))
)


def awaited(session: Session, state: str, named_deployment: object) -> Awaited:
    """What is known of the login with this state, in one statement. Raises LaunchRefused.

    `named_deployment`: what the token, not yet verified, says of its deployment.
    """
    named = named_deployment if isinstance(named_deployment, str) else ""
    row = session.execute(
        _AWAITED, {"state": _storable(state), "deployment": _storable(named)}
    ).one_or_none()
    if row is None:
        raise LaunchRefused(401, AGAIN, "state is missing or unknown")
    login, registration, platform, deployment, keys, school_is_active = row
    _check_state(login, now())
    check_registration(registration)
    return Awaited(
        state=login.state,
        nonce=login.nonce,
        target_link_uri=login.target_link_uri,
        storage_target=login.storage_target,
        registration_id=registration.registration_id,
        platform_id=platform.platform_id,
        issuer=registration.issuer,
        client_id=registration.client_id,
        auth_url=registration.auth_url,
        jwks_url=platform.jwks_url,
        product_family=platform.product_family,
        deployment=known(deployment, school_is_active) if deployment else None,
        keys=keys,
    )


def login_of(session: Session, state: str) -> LaunchState | None:
    """The login with this state, for what is said of a launch that failed; it proves nothing."""
    return session.scalar(select(LaunchState).where(LaunchState.state == _storable(state)))


_SPENT = (
    update(_states)
    .where(
        _states.c.state == bindparam("this_state"),
        _states.c.used_at.is_(None),
        _states.c.expires_at > bindparam("moment"),
    )
    .values(used_at=func.clock_timestamp())
    .returning(_states.c.secret_hash, _states.c.registration_id)
    .cte("spent")
)


def spending(beside: Callable[[CTE], CTE]) -> Select[bytes]:
    """The statement that spends a state, to be made once.

    `beside`: what to write in the same statement where a state was spent (its registration's id
    and `moment` are at hand).
    """
    return select(_SPENT.c.secret_hash).add_cte(beside(_SPENT))


def spend(
    session: Session, statement: Select[bytes], state: str, browser_secret: str | None
) -> bool:
    """Spend the state; whether this browser has shown its secret. One statement, one winner.

    Raises LaunchRefused if the state was spent meanwhile.
    """
    secret_hash = session.scalar(statement, {"this_state": state, "moment": now()})
    if secret_hash is None:
        raise _opened("state was spent by another launch just now")
    return bool(browser_secret) and hmac.compare_digest(secret_hash, hash_of(browser_secret or ""))


def delete_expired(session: Session) -> None:
    """Delete logins that have run out, with the launches that wait for their browser.

    A spent state is kept until then: only so can a replay be told "already opened".
    """
    session.execute(delete(LaunchState).where(LaunchState.expires_at < now()))


def _check_state(login: LaunchState, moment: datetime) -> None:
    if login.used_at is not None:
        raise _opened("state was used before: replay or back button")
    if login.expires_at <= moment:
        raise LaunchRefused(401, AGAIN, "state has expired")


def _opened(reason: str) -> LaunchRefused:
    return LaunchRefused(401, ALREADY_OPENED, reason, title="Already opened")


def hash_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def _storable(text: str) -> str:
    """What the database can compare with: no text of it holds NUL or lone surrogates."""
    return text if text.isprintable() else ""
