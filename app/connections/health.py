"""How each registration is doing: when it last worked, what last went wrong, in words.

Launches, tokens and scores have a row each: none hides what became of another. Noted in passing
and cheaply: a success at most once a minute, an error every ten seconds. Whoever finds another
one noting goes on without: 300 launches a minute never queue for the row, and a flood of forged
ones writes it six times a minute.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Text,
    bindparam,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti_config.errors import Fault
from lti_config.texts import clean
from models import HealthKind, Registration, RegistrationHealth, now, table

STEP = timedelta(minutes=1)
ERROR_STEP = timedelta(seconds=10)
LONGEST = 400
"""Of what was seen; a stranger may have sent it."""

WORDS = {
    Fault.KEY: "A sign-in came whose signature fits none of the platform's keys. If its people "
    "can't get in, fetch the key set again and check its address; else somebody tried a forgery.",
    Fault.KEY_SET: "The platform's key set could not be fetched, so sign-ins can't be verified. "
    "Check its address, and that the LMS answers from here.",
    Fault.ISSUER: "A sign-in named another issuer. If the LMS has a new address, tell CourseLLM "
    "by “Issuer moved”.",
    Fault.AUDIENCE: "A sign-in was meant for another client id. Compare the client id here with "
    "the one in the LMS.",
    Fault.CLOCK: "The LMS's clock and this server's differ, or sign-ins arrive too late. Set both "
    "clocks by a time server.",
    Fault.DEPLOYMENT: "A deployment that is not approved wanted in. Approve it if it belongs to "
    "this school.",
    Fault.TARGET: "A link in the LMS leads to another address than this CourseLLM. Correct the "
    "tool's address there.",
    Fault.MESSAGE: "A sign-in lacked something that LTI requires. Check the tool's settings in "
    "the LMS, and its version.",
    Fault.ANONYMOUS: "A sign-in did not say who came. The tool must not be open to visitors "
    "without an account.",
    Fault.DENIED: "The LMS refuses to sign people in for this tool. Check there that the tool is "
    "switched on, and its client id, login address and redirection address.",
    Fault.TOKEN: "The LMS gives no access to its services, so grades and names don't get through. "
    "Check that the tool's key set address there leads here, and the services it permits.",
    Fault.SCORE: "The LMS takes no scores. Check that it answers, and that it lets this tool "
    "write grades.",
}

_KINDS = {Fault.TOKEN: HealthKind.TOKEN, Fault.SCORE: HealthKind.SCORE}
"""What else goes wrong goes wrong with launches."""

Column = InstrumentedAttribute[Any]
_MOMENT = bindparam("moment", type_=DateTime(timezone=True))
_GOOD, _ERROR = RegistrationHealth.last_good_at, RegistrationHealth.last_error_at


def launch_noted(spent: CTE) -> CTE:
    """For the statement that spends a state: note the launch beside it. Needs `moment`."""
    return _noted(spent.c.registration_id, HealthKind.LAUNCH, _GOOD, STEP).cte("noted")


def note_token(session: Session, registration_id: UUID) -> None:
    """The platform gave an access token."""
    _note(session, registration_id, HealthKind.TOKEN, _GOOD, STEP)


def note_score(session: Session, registration_id: UUID) -> None:
    """The platform took a score."""
    _note(session, registration_id, HealthKind.SCORE, _GOOD, STEP)


def note_error(session: Session, registration_id: UUID, fault: Fault, seen: str) -> None:
    """Something went wrong with the connection. `seen` may hold what a stranger sent."""
    words = f"{WORDS[fault]}\n{clean(seen)[:LONGEST]}"
    kind = _KINDS.get(fault, HealthKind.LAUNCH)
    more = {"last_error": literal(words), "last_fault": literal(fault.value)}
    _note(session, registration_id, kind, _ERROR, ERROR_STEP, **more)


def is_failing(row: RegistrationHealth) -> bool:
    """Whether it has not worked since the last error.

    A deployment that nobody approved is no failure: it waits, and is shown as waiting.
    """
    if row.last_error_at is None or row.last_fault == Fault.DEPLOYMENT:
        return False
    return row.last_good_at is None or row.last_good_at < row.last_error_at


def _note(
    session: Session,
    registration_id: UUID,
    kind: HealthKind,
    at: Column,
    step: timedelta,
    **more: ColumnElement[str],
) -> None:
    wanted = Registration.registration_id == registration_id
    statement = _noted(Registration.registration_id, kind, at, step, wanted, **more)
    session.execute(statement, {"moment": now()})


def _noted(
    registration_id: ColumnElement[UUID] | Column,
    kind: HealthKind,
    at: Column,
    step: timedelta,
    *conditions: ColumnElement[bool],
    **more: ColumnElement[str],
) -> Insert:
    values = {
        "registration_id": registration_id,
        "kind": literal(kind.value),
        at.key: _MOMENT,
        **more,
    }
    due = select(*values.values()).where(*conditions, *_is_due(registration_id, kind, at, step))
    # The table itself: an insert that the ORM makes can't be part of another statement.
    statement = insert(table(RegistrationHealth)).from_select(list(values), due)
    return statement.on_conflict_do_update(
        index_elements=["registration_id", "kind"],
        set_={name: statement.excluded[name] for name in (at.key, *more)},
        where=at.is_(None) | (at <= _MOMENT - step),
    )


def _is_due(
    registration_id: ColumnElement[UUID] | Column, kind: HealthKind, at: Column, step: timedelta
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Not noted lately, and nobody is noting the same just now.

    Looked at before the insert: what an `on conflict` leaves unchanged it locks all the same.
    """
    noted = (RegistrationHealth.registration_id == registration_id) & (
        RegistrationHealth.kind == kind
    )
    key = literal(f"health {kind.value} {at.key} ") + cast(registration_id, Text)
    return (
        ~exists(select(1).where(noted, at > _MOMENT - step)),
        func.pg_try_advisory_xact_lock(func.hashtextextended(key, 0)),
    )
