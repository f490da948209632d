"""Rotation over time: whatever is signed can be checked by every platform, however it keeps keys.

Time is moved by hand. Platforms read the key set over HTTP at different moments and keep it as
long as its header allows, or for a whole day, as some do.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from app.admin import rotation
from app.admin.rotation import Sealed
from app.connections import registrations
from app.connections.registrations import NewRegistration
from app.extensions import transaction
from lti_config import deep_linking, keys, tokens
from lti_config.addresses import TrustedHosts
from lti_config.errors import SealBroken
from lti_config.http import Client, Reply
from models import Deployment, Registration, ToolKey, now

LONGEST_LIFE = timedelta(seconds=max(tokens.ASSERTION_SECONDS, 300))
"""Of what we sign: client assertions and deep linking responses."""


@dataclass
class Clock:
    moment: datetime

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(now())
    monkeypatch.setattr(keys, "now", clock)
    monkeypatch.setattr(rotation, "now", clock)
    return clock


@dataclass
class Reader:
    """A platform: its copy of our key set, and when it may ask again."""

    client: FlaskClient
    kept_for: timedelta | None
    until: datetime | None = None
    keys: KeySet | None = None
    seen: set[str] = field(default_factory=set)

    def check(self, token: str, moment: datetime) -> None:
        """Raises if the signature fits none of the keys that it has."""
        if self.keys is None or self.until is None or self.until <= moment:
            answer = self.client.get("/lti/jwks")
            age = answer.cache_control.max_age
            assert answer.cache_control.public and age
            self.keys = KeySet.import_key_set(answer.json)
            self.until = moment + (self.kept_for or timedelta(seconds=age))
        self.seen.add(jwt.decode(token, self.keys, algorithms=["RS256"]).header["kid"])


@pytest.fixture
def registration(session: Session) -> Registration:
    url = "https://lms.example"
    new = NewRegistration("LMS", url, "c1", f"{url}/auth", f"{url}/token", f"{url}/jwks", ("1",))
    row = registrations.add(session, new, TrustedHosts())
    session.commit()
    return row


Signing = Callable[[], Iterator[str]]


@pytest.fixture
def signing(session: Session, registration: Registration) -> Signing:
    """A deep linking response and a client assertion, made as CourseLLM makes them."""
    secrets = config.current().secret_keys
    account = registrations.account(session, registration.registration_id)
    deployment_id = session.scalars(select(Deployment.deployment_id)).one()
    request = deep_linking.Request(
        return_url="https://lms.example/return",
        data=None,
        accepts_multiple=True,
        accepts_line_item=True,
        title="",
        text="",
    )
    posted: list[dict[str, Any]] = []

    class Catching(Client):
        def post(self, url: str, data: Any, headers: Any = None) -> Reply:
            posted.append(data)
            return Reply(200, "OK", {}, b'{"access_token": "t", "expires_in": 3600}')

    def signing() -> Iterator[str]:
        with transaction() as one:
            yield deep_linking.respond(
                one,
                secrets,
                registration_id=registration.registration_id,
                deployment_id=deployment_id,
                request=request,
                items=[],
            ).jwt
            key = keys.signing_key(one, secrets)
        tokens.request(Catching(TrustedHosts()), account, key, ["scope"])
        yield posted.pop()["client_assertion"]

    session.rollback()
    return signing


def test_everything_signed_is_verified_by_platforms_that_kept_the_old_set(
    app: Flask, clock: Clock, signing: Signing
) -> None:
    """Through all phases: before, announced, taking over, retired, swept away."""
    step, start = timedelta(minutes=5), clock.moment
    usual = [Reader(app.test_client(), None) for _ in range(6)]
    daily = [Reader(app.test_client(), timedelta(days=1)) for _ in range(3)]
    before = list(signing())
    for number, reader in enumerate([*usual, *daily]):  # all have the old set, of different ages
        clock.moment = start + number * timedelta(minutes=9)
        reader.check(before[0], clock.moment)

    clock.moment = rotated = start + timedelta(minutes=90)
    with transaction() as session:
        new = rotation.rotate(session, config.current().secret_keys).key
        first = session.scalars(select(ToolKey.kid).where(ToolKey.kid != new.kid)).one()
    signed_by: dict[str, list[datetime]] = {}
    fresh: list[tuple[datetime, str]] = []
    while clock.moment < rotated + timedelta(hours=26):
        for token in signing():
            kid = jwt.decode(token, _all_keys(app)).header["kid"]
            signed_by.setdefault(kid, []).append(clock.moment)
            fresh.append((clock.moment, token))
        fresh = [(at, token) for at, token in fresh if clock.moment - at <= LONGEST_LIFE]
        for reader in [*usual, *daily]:
            for _at, token in fresh:
                reader.check(token, clock.moment)
        clock.moment += step

    assert set(signed_by) == {first, new.kid}
    takes_over = rotated + rotation.ANNOUNCED_FOR
    assert max(signed_by[first]) < takes_over <= min(signed_by[new.kid])
    assert all(reader.seen == {first, new.kid} for reader in [*usual, *daily])
    published = {key["kid"] for key in app.test_client().get("/lti/jwks").json["keys"]}
    assert published == {new.kid}, "the old one is gone when nothing that it signed counts"
    with transaction() as session:
        keys.delete_retired(session)
        assert session.scalars(select(ToolKey.kid)).all() == [new.kid]


def _all_keys(app: Flask) -> KeySet:
    with transaction() as session:
        return KeySet.import_key_set({"keys": list(session.scalars(select(ToolKey.public_jwk)))})


def test_an_old_key_outlives_all_that_it_signed(session: Session, clock: Clock) -> None:
    first = keys.signing_key(session, ("k" * 32,)).kid
    new = rotation.rotate(session, ("k" * 32,)).key
    retired = session.get_one(ToolKey, first).retired_at
    assert retired is not None
    assert retired - new.signs_from >= max(LONGEST_LIFE, keys.PUBLISHED_FOR)


def test_two_workers_that_rotate_at_once_announce_one_key(app: Flask, session: Session) -> None:
    secrets = config.current().secret_keys
    first = keys.signing_key(session, secrets).kid
    session.commit()

    def rotate(_number: int) -> str:
        with app.app_context(), transaction() as one:
            return rotation.rotate(one, secrets).key.kid

    with ThreadPoolExecutor(6) as pool:
        announced = set(pool.map(rotate, range(6)))
    assert len(announced) == 1 and first not in announced
    rows = {row.kid: row for row in session.scalars(select(ToolKey))}
    assert set(rows) == announced | {first}
    assert rows[first].retired_at is not None
    assert rows[announced.pop()].retired_at is None


def test_a_rotation_on_an_empty_house_signs_at_once(session: Session) -> None:
    made = rotation.rotate(session, ("k" * 32,)).key
    assert keys.signing_key(session, ("k" * 32,)).kid == made.kid


def test_rotations_follow_each_other(session: Session, clock: Clock) -> None:
    """A month of daily rotations: one key signs at any time, and old ones go."""
    secrets = ("k" * 32,)
    signed = set()
    for _day in range(30):
        rotation.rotate(session, secrets)
        for _hours in range(5):
            signed.add(keys.signing_key(session, secrets).kid)
            states = [one.state for one in rotation.listed(session, secrets)]
            assert states.count(rotation.KeyState.SIGNING) == 1
            assert len(states) <= 3
            clock.moment += timedelta(hours=5)
        keys.delete_retired(session)
    assert len(signed) == 29, "each had its day; the last one is announced still"


OLD, NEW = "old-" + "0" * 32, "new-" + "1" * 32


def test_the_secret_keys_rotate_without_a_break(session: Session) -> None:
    """Old alone → new before old → encrypted anew → new alone."""
    kid = keys.signing_key(session, (OLD,)).kid

    def sealed(*secrets: str) -> list[Sealed]:
        return [one.sealed for one in rotation.listed(session, secrets)]

    assert keys.signing_key(session, (NEW, OLD)).kid == kid
    assert sealed(NEW, OLD) == [Sealed.FORMER]
    rotation.seal_anew(session, (NEW, OLD))
    assert sealed(NEW, OLD) == [Sealed.NEWEST]
    assert keys.signing_key(session, (NEW,)).kid == kid, "the key stays, platforms see nothing"
    assert sealed(OLD) == [Sealed.LOST]
    with pytest.raises(SealBroken):
        rotation.seal_anew(session, (OLD,))
    with pytest.raises(SealBroken):
        rotation.rotate(session, (OLD,))


def kids(session: Session) -> list[str]:
    return [key["kid"] for key in keys.published(session, (NEW, OLD))["keys"]]


def test_a_new_key_is_published_a_day_before_it_signs(session: Session):
    first = keys.signing_key(session, (OLD,)).kid
    second = rotation.rotate(session, (NEW, OLD)).key.kid
    assert kids(session) == [first, second]
    assert keys.signing_key(session, (NEW, OLD)).kid == first

    for row in session.scalars(select(ToolKey)):  # a day and a bit later
        row.signs_from -= timedelta(hours=24, minutes=1)
        row.retired_at = row.retired_at and row.retired_at - timedelta(hours=24, minutes=1)
    assert keys.signing_key(session, (NEW, OLD)).kid == second
    assert kids(session) == [first, second], "what the first signed lately must still verify"

    session.get_one(ToolKey, first).retired_at = now() - timedelta(seconds=1)
    session.flush()
    assert kids(session) == [second]
    keys.delete_retired(session)
    assert session.scalars(select(ToolKey.kid)).all() == [second]


def test_rotation_frees_the_former_secret_key(session: Session):
    keys.signing_key(session, (OLD,))
    rotation.rotate(session, (NEW, OLD))
    assert keys.signing_key(session, (NEW,)).private_pem
    with pytest.raises(SealBroken):
        keys.signing_key(session, (OLD,))


def test_rotation_frees_it_for_keys_too_that_retire_soon(session: Session):
    keys.signing_key(session, (OLD,))
    rotation.rotate(session, (OLD,))
    retires = session.scalars(select(ToolKey.retired_at).order_by(ToolKey.created_at)).first()
    rotation.rotate(session, (NEW, OLD))
    assert keys.signing_key(session, (NEW,)).private_pem
    row = session.scalars(select(ToolKey).order_by(ToolKey.created_at)).first()
    assert row and row.retired_at == retires
