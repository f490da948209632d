"""The health of registrations: cheap to note, never in the way of launches, no room for floods."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from app.connections import health, registrations
from app.connections.registrations import NewRegistration
from app.extensions import db, transaction
from lti_config import states
from lti_config.addresses import TrustedHosts
from lti_config.errors import Fault
from models import HealthKind, LaunchState, RegistrationHealth, now

SPEND = states.spending(health.launch_noted)


@pytest.fixture
def registration_id(session: Session) -> UUID:
    new = NewRegistration(
        "Lakeside",
        "https://lms.example",
        "c1",
        *(f"https://lms.example/{path}" for path in ("auth", "token", "jwks")),
    )
    row = registrations.add(session, new, TrustedHosts())
    session.commit()
    return row.registration_id


def noted(
    session: Session, registration_id: UUID, kind: HealthKind = HealthKind.LAUNCH
) -> RegistrationHealth:
    session.expire_all()
    return session.get_one(RegistrationHealth, (registration_id, kind))


def launch(registration_id: UUID) -> None:
    with transaction() as session:
        new = states.begin(session, registration_id, "https://tool.example/")
        session.flush()
        assert states.spend(session, SPEND, new.state, new.secret)


def test_a_launch_is_noted_beside_the_spending_of_its_state(
    session: Session, registration_id: UUID
) -> None:
    launch(registration_id)
    row = noted(session, registration_id)
    assert row.last_good_at and now() - row.last_good_at < timedelta(minutes=1)
    assert row.last_error is None
    assert len(session.scalars(select(RegistrationHealth)).all()) == 1


def test_a_state_that_can_not_be_spent_is_no_launch(
    session: Session, registration_id: UUID
) -> None:
    with pytest.raises(states.LaunchRefused), transaction() as one:
        states.spend(one, SPEND, "unknown", "secret")
    assert session.scalars(select(RegistrationHealth)).all() == []


def test_each_success_is_written_once_a_minute(
    session: Session, registration_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [now()]
    monkeypatch.setattr(health, "now", lambda: clock[0])
    for seconds, expected in ((0, 0), (59, 0), (61, 61), (100, 61), (122, 122)):
        clock.append(clock[-1])
        clock[0] = clock[-1] + timedelta(seconds=seconds)
        with transaction() as one:
            health.note_score(one, registration_id)
            health.note_token(one, registration_id)
        for kind in (HealthKind.SCORE, HealthKind.TOKEN):
            row = noted(session, registration_id, kind)
            assert row.last_good_at == clock[-1] + timedelta(seconds=expected)


def test_a_flood_of_errors_is_one_write_in_ten_seconds(
    app: Flask, session: Session, registration_id: UUID
) -> None:
    def fail(number: int) -> None:
        with app.app_context(), transaction() as one:
            health.note_error(one, registration_id, Fault.KEY, f"forged {number}")

    health.note_error(session, registration_id, Fault.CLOCK, "first")
    session.commit()
    before = written(session)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fail, range(80)))
    assert written(session) == before, "not a single new version of the row"
    assert (noted(session, registration_id).last_error or "").endswith("\nfirst")


def written(session: Session) -> Any:
    """Changes with every write of a row, even of the same values."""
    return session.execute(text("select xmin::text, ctid::text from registration_health")).all()


def test_what_a_stranger_sent_is_cut_and_cleaned(session: Session, registration_id: UUID) -> None:
    seen = "iss is \x00\u202e'<b>" + "x" * 5000
    health.note_error(session, registration_id, Fault.ISSUER, seen)
    session.commit()
    words, shown = (noted(session, registration_id).last_error or "").split("\n")
    assert words == health.WORDS[Fault.ISSUER]
    assert shown.startswith("iss is '<b>x") and len(shown) == health.LONGEST


def test_launches_never_wait_for_each_other_at_the_row(
    app: Flask, session: Session, registration_id: UUID
) -> None:
    """One launch is noting and has not come to its end: another goes through meanwhile."""
    with transaction() as slow:
        new = states.begin(slow, registration_id, "https://tool.example/")
        slow.flush()
        states.spend(slow, SPEND, new.state, new.secret)

        def other() -> None:
            with app.app_context(), transaction() as fast:
                fast.execute(text("set local lock_timeout = '5s'"))
                again = states.begin(fast, registration_id, "https://tool.example/")
                fast.flush()
                assert states.spend(fast, SPEND, again.state, again.secret)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(other).result(timeout=60)
    used = session.scalars(select(LaunchState.used_at)).all()
    assert len(used) == 2 and all(used)


def test_a_launch_within_the_minute_locks_nothing(
    app: Flask, session: Session, registration_id: UUID
) -> None:
    launch(registration_id)
    before = written(session)
    session.rollback()
    with transaction() as slow:
        new = states.begin(slow, registration_id, "https://tool.example/")
        slow.flush()
        states.spend(slow, SPEND, new.state, new.secret)
        with db.engine.begin() as other:
            other.execute(text("select 1 from registration_health for update nowait"))
    assert written(session) == before


def test_a_registration_that_is_gone_is_no_trouble(session: Session) -> None:
    health.note_error(session, uuid4(), Fault.KEY, "x")
    health.note_token(session, uuid4())
    session.commit()
    assert session.scalars(select(RegistrationHealth)).all() == []


MOMENT = datetime.fromisoformat("2026-11-26T12:00:00+00:00")
EARLIER, LATER = MOMENT - timedelta(hours=1), MOMENT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "failing"),
    [
        ({}, False),
        ({"last_good_at": EARLIER}, False),
        ({"last_error_at": MOMENT}, True),
        ({"last_error_at": MOMENT, "last_good_at": EARLIER}, True),
        ({"last_error_at": MOMENT, "last_good_at": LATER}, False),
        ({"last_error_at": MOMENT, "last_fault": "deployment"}, False),
    ],
)
def test_an_error_counts_until_the_same_thing_works_again(
    given: dict[str, Any], failing: bool
) -> None:
    assert health.is_failing(RegistrationHealth(**given)) is failing


def test_what_strangers_provoke_hides_no_trouble_with_scores(
    session: Session, registration_id: UUID
) -> None:
    health.note_error(session, registration_id, Fault.SCORE, "503")
    health.note_error(session, registration_id, Fault.KEY, "forged")
    health.note_error(session, registration_id, Fault.TOKEN, "invalid_client")
    session.commit()
    faults = {kind: noted(session, registration_id, kind).last_fault for kind in HealthKind}
    assert faults == {
        HealthKind.LAUNCH: "key",
        HealthKind.TOKEN: "token",
        HealthKind.SCORE: "score",
    }


def test_there_are_words_for_every_fault() -> None:
    assert set(health.WORDS) == set(Fault)


def test_noting_is_one_statement(session: Session, registration_id: UUID) -> None:
    sent: list[str] = []

    def note(*args: object) -> None:
        sent.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        health.note_score(session, registration_id)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(sent) == 1
