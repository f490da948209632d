"""An LMS that has moved: its issuer and addresses change, its people and courses stay.

A Moodle's issuer is its address, so a new domain, or https at last, is a new
issuer. People are known by (platform, subject): the platform's row stays and with it everybody.
That it is the same LMS its keys must show, else the operator says so.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.connections import key_sets
from app.connections.registrations import RegistrationClash, address_fault
from lti_config.addresses import TrustedHosts, origin
from lti_config.keysets import Fetched, Keys
from lti_config.texts import LONGEST_ID, is_identifier
from models import (
    CachedKeySet,
    Deployment,
    LineItem,
    LtiContext,
    Platform,
    Registration,
    ServiceToken,
)

Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]

CLASH = (
    "Another platform here has this issuer and the same client id or key set address. "
    "Two platforms can't be one: disable the other registration, or give this LMS an issuer of "
    "its own"
)


@dataclass(frozen=True)
class Addresses:
    """Of one registration."""

    auth_url: str
    token_url: str
    auth_audience: str | None


@dataclass(frozen=True)
class Move:
    """Where an LMS is from now on."""

    issuer: str
    jwks_url: str
    registrations: Mapping[UUID, Addresses]


def faults(
    session: Session, platform: Platform, wanted: Move, trusted: TrustedHosts
) -> dict[str, str]:
    """What is wrong with each field; those of a registration end in its id."""
    found: dict[str, str] = {}
    if not is_identifier(wanted.issuer):
        found["issuer"] = f"the issuer must have 1 to {LONGEST_ID} characters"
    given = {"jwks_url": wanted.jwks_url}
    for key, one in wanted.registrations.items():
        given |= {f"auth_url-{key}": one.auth_url, f"token_url-{key}": one.token_url}
    found |= {name: fault for name, url in given.items() if (fault := address_fault(url, trusted))}
    if "issuer" not in found and _clashes(session, platform, wanted):
        found["issuer"] = CLASH
    return found


def shows_same_keys(kept: CachedKeySet | None, fetched: Fetched) -> bool:
    """Whether the key set at the new address holds a key of the old one."""
    if kept is None:
        return False
    known = {_identity(key) for key in kept.keys}
    return any(_identity(key) in known for key in fetched.keys)


def fingerprint(keys: Keys) -> str:
    """Names exactly these keys: a confirmation counts for the set that was shown, no other."""
    written = json.dumps(sorted(_identity(key) for key in keys))
    return hashlib.sha256(written.encode()).hexdigest()


def move(session: Session, platform: Platform, wanted: Move, fetched: Fetched) -> None:
    """Store the new addresses, with the key set fetched from there. Raises RegistrationClash.

    Stored addresses of services move along, so that scores that wait find their columns.
    """
    session.refresh(platform, with_for_update=True)
    if _clashes(session, platform, wanted):
        raise RegistrationClash(CLASH)
    rows = session.scalars(
        select(Registration).where(Registration.platform_id == platform.platform_id)
    ).all()
    moved = _prefixes(platform, rows, wanted)
    for row in rows:
        if one := wanted.registrations.get(row.registration_id):
            row.auth_url, row.token_url = one.auth_url, one.token_url
            row.auth_audience = one.auth_audience
    session.flush()
    platform.issuer, platform.jwks_url = wanted.issuer, wanted.jwks_url
    try:
        session.flush()
    except IntegrityError as error:
        raise RegistrationClash(CLASH) from error
    ours = [row.registration_id for row in rows]
    session.execute(delete(ServiceToken).where(ServiceToken.registration_id.in_(ours)))
    key_sets.keep(session, wanted.jwks_url, fetched)
    for old, new in moved:
        _move_services(session, ours, old, new)


def _clashes(session: Session, platform: Platform, wanted: Move) -> bool:
    """Whether another platform signs as this issuer, or is registered by one of our client ids."""
    ours = select(Registration.client_id).where(Registration.platform_id == platform.platform_id)
    return bool(
        session.scalar(
            select(
                or_(
                    exists().where(
                        Platform.platform_id != platform.platform_id,
                        Platform.issuer == wanted.issuer,
                        Platform.jwks_url == wanted.jwks_url,
                    ),
                    exists().where(
                        Registration.platform_id != platform.platform_id,
                        Registration.issuer == wanted.issuer,
                        Registration.client_id.in_(ours),
                    ),
                )
            )
        )
    )


def _prefixes(
    platform: Platform, rows: Sequence[Registration], wanted: Move
) -> list[tuple[str, str]]:
    """Beginnings of service addresses, old and new: the issuer, and the token address's host."""
    pairs = [(platform.issuer, wanted.issuer)]
    for row in rows:
        if one := wanted.registrations.get(row.registration_id):
            pairs.append((origin(row.token_url), origin(one.token_url)))
    return [(old, new) for old, new in dict.fromkeys(pairs) if old != new]


def _move_services(session: Session, registrations: list[UUID], old: str, new: str) -> None:
    contexts = (
        select(LtiContext.context_id)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .where(Deployment.registration_id.in_(registrations))
    )
    for column in (LtiContext.line_items_url, LtiContext.memberships_url):
        session.execute(
            update(LtiContext)
            .where(LtiContext.context_id.in_(contexts), _begins(column, old))
            .values({column.key: _moved(column, old, new)})
            .execution_options(synchronize_session=False)
        )
    twin = aliased(LineItem)
    is_there = exists().where(
        and_(twin.context_id == LineItem.context_id, twin.url == _moved(LineItem.url, old, new))
    )
    session.execute(
        update(LineItem)
        .where(LineItem.context_id.in_(contexts), _begins(LineItem.url, old), ~is_there)
        .values(url=_moved(LineItem.url, old, new))
        .execution_options(synchronize_session=False)
    )


def _begins(column: Column, old: str) -> ColumnElement[bool]:
    return func.starts_with(column, old.rstrip("/") + "/")


def _moved(column: Column, old: str, new: str) -> ColumnElement[str]:
    return func.concat(new.rstrip("/"), func.substr(column, len(old.rstrip("/")) + 1))


def _identity(key: Mapping[str, str]) -> tuple[str, str, str]:
    return key["kid"], key["n"], key["e"]
