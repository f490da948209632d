"""Tokens and requests to a platform's services: signed, shared, dropped when refused."""

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.connections import registrations, switches, tokens
from app.connections.registrations import NewRegistration
from app.connections.tokens import SharedTokens
from app.extensions import db, transaction
from lti_config import keys
from lti_config.addresses import TrustedHosts
from lti_config.errors import Unreachable
from lti_config.http import Client
from lti_config.services import Service
from lti_config.tokens import TokenRefused
from models import Registration, RegistrationStatus, ServiceToken, now
from tests.lti_config.conftest import Answer, Asked, Peer

SECRETS = ("k" * 32,)
SCOPES = ["https://example.org/scope/b", "https://example.org/scope/a"]
GRANTED = {"access_token": "tok-1", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture
def registration(session: Session, peer: Peer) -> Registration:
    url = peer.url
    new = NewRegistration("LMS", url, "client-1", f"{url}/auth", f"{url}/token", f"{url}/jwks")
    row = registrations.add(session, new, TrustedHosts(("127.0.0.1",)))
    session.commit()
    return row


def connected(registration_id: UUID, http: Client) -> Service:
    with transaction() as session:
        account = registrations.account(session, registration_id)
    return Service(account, http, SharedTokens(account, http, SECRETS))


@pytest.fixture
def service(registration: Registration, http: Client) -> Service:
    return connected(registration.registration_id, http)


def platform(
    peer: Peer, token: Callable[[Asked], Answer] | None = None, statuses: list[int] | None = None
) -> None:
    """Let the peer give tokens, and answer requests with these statuses in turn, then 200."""
    left = list(statuses or [])

    def answer(asked: Asked) -> Answer:
        if asked.path == "/token":
            return token(asked) if token else (200, {}, json.dumps(GRANTED).encode())
        return (left.pop(0) if left else 200), {}, b"{}"

    peer.answer = answer


def paths(peer: Peer) -> list[str]:
    return [asked.path for asked in peer.asked]


def test_the_assertion(peer: Peer, service: Service, session: Session):
    platform(peer)
    service.get(f"{peer.url}/items", SCOPES, "application/json")
    form = {name: one[0] for name, one in parse_qs(peer.asked[0].body.decode()).items()}
    assertion = form.pop("client_assertion")
    assert form == {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": " ".join(sorted(SCOPES)),
    }
    published = KeySet.import_key_set(keys.published(session, SECRETS))
    claims: dict[str, Any] = jwt.decode(assertion, published, algorithms=["RS256"]).claims
    assert claims["iss"] == claims["sub"] == "client-1"
    assert claims["aud"] == f"{peer.url}/token"
    moment = now().timestamp()
    assert moment - 30 < claims["iat"] < moment - 3 and claims["exp"] <= claims["iat"] + 300
    assert claims["jti"]
    assert peer.asked[1].headers["Authorization"] == "Bearer tok-1"


def test_no_connection_is_held_while_waiting(peer: Peer, service: Service):
    pool, held = db.engine.pool, []

    def answer(asked: Asked) -> Answer:
        held.append(pool.checkedout())  # type: ignore[attr-defined]
        return 200, {}, json.dumps(GRANTED).encode()

    peer.answer = answer
    service.get(f"{peer.url}/items", SCOPES, "application/json")
    assert held == [0, 0]


def test_the_audience_can_be_another(
    peer: Peer, registration: Registration, http: Client, session: Session
):
    session.get_one(Registration, registration.registration_id).auth_audience = "https://aud"
    session.commit()
    platform(peer)
    service = connected(registration.registration_id, http)
    assert service.account.audience == "https://aud"


def test_a_token_is_shared_and_encrypted(
    peer: Peer, service: Service, registration: Registration, http: Client, session: Session
):
    platform(peer)
    other = connected(registration.registration_id, http)
    service.get(f"{peer.url}/a", SCOPES, "x/y")
    other.post(f"{peer.url}/b", reversed(SCOPES), b"{}", "x/y")  # type: ignore[arg-type]
    assert paths(peer) == ["/token", "/a", "/b"]
    assert b"tok-1" not in session.scalars(select(ServiceToken.token)).one()
    service.get(f"{peer.url}/c", SCOPES[:1], "x/y")
    assert paths(peer)[3:] == ["/token", "/c"]


def test_one_token_serves_an_hour_of_calls(
    peer: Peer, service: Service, http: Client, session: Session
):
    platform(peer)
    for _ in range(40):
        service.get(f"{peer.url}/a", SCOPES, "x/y")
    assert paths(peer).count("/token") == 1
    session.execute(update(ServiceToken).values(expires_at=now()))
    session.commit()
    for _ in range(10):
        _connect(service, http).get(f"{peer.url}/a", SCOPES, "x/y")
    assert paths(peer).count("/token") == 2


def _connect(service: Service, http: Client) -> Service:
    """As the next errand does."""
    return connected(service.account.registration_id, http)


def test_a_token_ends_a_minute_early(peer: Peer, service: Service, http: Client, session: Session):
    platform(peer)
    service.get(f"{peer.url}/a", SCOPES, "x/y")
    row = session.scalars(select(ServiceToken)).one()
    assert timedelta(seconds=3500) < row.expires_at - now() < timedelta(seconds=3541)
    row.expires_at = now()
    session.commit()
    _connect(service, http).get(f"{peer.url}/b", SCOPES, "x/y")
    assert paths(peer) == ["/token", "/a", "/token", "/b"]


def test_a_refused_token_is_dropped_once(peer: Peer, service: Service):
    platform(peer, statuses=[401])
    assert service.get(f"{peer.url}/a", SCOPES, "x/y").status == 200
    assert paths(peer) == ["/token", "/a", "/token", "/a"]
    platform(peer, statuses=[401, 401, 401])
    assert service.get(f"{peer.url}/a", SCOPES, "x/y").status == 401


def test_workers_that_ask_at_once_share_one_request(peer: Peer, service: Service, app: Flask):
    def slow(_asked: Asked) -> Answer:
        time.sleep(0.5)
        return 200, {}, json.dumps(GRANTED).encode()

    def work() -> None:
        with app.app_context():
            service.get(f"{peer.url}/a", SCOPES, "x/y")

    platform(peer, token=slow)
    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted(paths(peer)) == ["/a"] * 4 + ["/token"]


def test_who_fails_to_get_a_token_lets_the_next_one_ask(peer: Peer, service: Service):
    platform(peer, token=lambda _asked: (503, {}, b""))
    for _ in range(2):
        with pytest.raises(Unreachable):
            service.get(f"{peer.url}/a", SCOPES, "x/y")
    assert paths(peer) == ["/token", "/token"]


def test_who_died_while_asking_is_not_waited_for(peer: Peer, service: Service, session: Session):
    platform(peer)
    tokens.claim(session, service.account, SCOPES)
    session.execute(update(ServiceToken).values(expires_at=now() + timedelta(seconds=1)))
    session.commit()
    assert service.get(f"{peer.url}/a", SCOPES, "x/y").status == 200


def test_a_token_that_came_in_the_place_of_a_refused_one_stays(
    peer: Peer, service: Service, session: Session
):
    platform(peer)
    service.get(f"{peer.url}/a", SCOPES, "x/y")
    tokens.forget(session, SECRETS, service.account, SCOPES, "an older one")
    assert tokens.cached(session, SECRETS, service.account, SCOPES) == "tok-1"


def test_a_token_sealed_with_a_lost_key_is_asked_for_again(
    peer: Peer, service: Service, http: Client, session: Session
):
    platform(peer)
    service.get(f"{peer.url}/a", SCOPES, "x/y")
    session.scalars(select(ServiceToken)).one().token = b"sealed by a key that is gone"
    session.commit()
    assert _connect(service, http).get(f"{peer.url}/b", SCOPES, "x/y").status == 200
    assert paths(peer) == ["/token", "/a", "/token", "/b"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error": "invalid_client"}', TokenRefused),
        (400, b'{ "error" : ""kid" invalid, unable to lookup correct key" }', TokenRefused),
        (401, b"", TokenRefused),
        (404, b"<html>", TokenRefused),
        (200, b'{"token_type": "Bearer"}', TokenRefused),
        (200, b'{"access_token": "a\\nb"}', TokenRefused),
        (200, b'{"access_token": "t", "scope": "something else"}', TokenRefused),
        (200, b"[]", TokenRefused),
        (200, b"<html>", Unreachable),
        (429, b"", Unreachable),
        (503, b"", Unreachable),
    ],
)
def test_no_token(status: int, body: bytes, error: type[Exception], peer: Peer, service: Service):
    platform(peer, token=lambda _asked: (status, {}, body))
    with pytest.raises(error):
        service.get(f"{peer.url}/a", SCOPES, "x/y")
    assert paths(peer) == ["/token"]


def test_a_disabled_registration_has_no_services(
    registration: Registration, http: Client, session: Session
):
    switches.set_status(session, registration.registration_id, RegistrationStatus.DISABLED)
    session.commit()
    with pytest.raises(TokenRefused):
        connected(registration.registration_id, http)
