"""Key sets of platforms: kept, refreshed in time, never replaced by nonsense (row 42)."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session

from app.connections import key_sets
from app.extensions import transaction
from lti_config.errors import LaunchRefused
from lti_config.http import Client
from models import CachedKeySet, now
from tests.lti_config.conftest import Answer, Asked, Peer

KEY = RSAKey.generate_key(2048, auto_kid=True)
NEXT = RSAKey.generate_key(2048, auto_kid=True)


def published(*keys: Any, **headers: str) -> Callable[[Asked], Answer]:
    body = json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()
    return lambda _asked: (200, {name.replace("_", "-"): text for name, text in headers.items()},
                           body)  # fmt: skip


def obtain(peer: Peer, http: Client, kid: str | None = KEY.kid) -> list[str]:
    """The `kid`s that a launch gets to choose from."""
    with transaction() as session:
        kept = key_sets.load(session, peer.url)
    keys = key_sets.obtain(kept, peer.url, kid, http)
    return [key["kid"] for key in keys]


def age(peer: Peer, **columns: timedelta) -> None:
    """Move moments of the kept set into the past."""
    with transaction() as session:
        row = session.get_one(CachedKeySet, peer.url)
        for name, back in columns.items():
            setattr(row, name, now() - back)


def test_a_set_is_kept_for_all_workers(peer: Peer, http: Client, session: Session):
    peer.answer = published(KEY)
    assert obtain(peer, http) == obtain(peer, http) == [KEY.kid]
    assert len(peer.asked) == 1


UNUSABLE: dict[str, Answer] = {
    "500": (500, {}, b'{"keys": []}'),
    "404 with keys": (404, {}, json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()),
    "HTML": (200, {"Content-Type": "text/html"}, b"<html>Log in</html>"),
    "no keys": (200, {}, b'{"error": "maintenance"}'),
    "keys is text": (200, {}, b'{"keys": "none"}'),
    "an empty list": (200, {}, b'{"keys": []}'),
    "a list": (200, {}, b"[]"),
    "not JSON": (200, {}, b'{"keys": ['),
    "nested": (200, {}, b"[" * 100_000),
    "too large": (200, {}, b" " * 300_000),
    "redirect": (302, {"Location": "http://169.254.169.254/"}, b""),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_nonsense_is_never_kept(name: str, peer: Peer, http: Client, session: Session):
    peer.answer = lambda _asked: UNUSABLE[name]
    with pytest.raises(LaunchRefused) as refused:
        obtain(peer, http)
    assert refused.value.status == 503
    assert "again in a minute" in refused.value.sentence
    assert session.get(CachedKeySet, peer.url) is None


@pytest.mark.parametrize("name", UNUSABLE)
def test_old_keys_are_kept_in_trouble(name: str, peer: Peer, http: Client, session: Session):
    peer.answer = published(KEY)
    obtain(peer, http)
    age(peer, expires_at=timedelta(minutes=1))
    peer.answer = lambda _asked: UNUSABLE[name]
    assert obtain(peer, http) == obtain(peer, http) == [KEY.kid]
    assert len(peer.asked) == 2, "asked again within the minute"


def test_but_not_for_ever(peer: Peer, http: Client, session: Session):
    peer.answer = published(KEY)
    obtain(peer, http)
    age(peer, expires_at=timedelta(hours=25))
    peer.answer = lambda _asked: UNUSABLE["500"]
    for _ in range(2):
        with pytest.raises(LaunchRefused):
            obtain(peer, http)


def test_an_expired_set_is_fetched_anew(peer: Peer, http: Client, session: Session):
    peer.answer = published(KEY)
    obtain(peer, http)
    age(peer, expires_at=timedelta(minutes=1))
    peer.answer = published(NEXT)
    assert obtain(peer, http, NEXT.kid) == [NEXT.kid]


def test_an_unknown_kid_asks_once_a_minute(peer: Peer, http: Client, session: Session):
    """Row 8: a rotated key is found at once, made-up ones cost one question a minute."""
    peer.answer = published(KEY)
    obtain(peer, http)
    peer.answer = published(KEY, NEXT)
    assert NEXT.kid in obtain(peer, http, NEXT.kid)
    for _ in range(3):
        obtain(peer, http, "made-up")
    assert len(peer.asked) == 2
    age(peer, refetched_at=timedelta(seconds=61))
    obtain(peer, http, "made-up")
    obtain(peer, http, None)
    assert len(peer.asked) == 3


def test_a_class_that_meets_a_new_key_asks_once(peer: Peer, http: Client, app: Any):
    peer.answer = published(KEY)
    obtain(peer, http)
    peer.answer = published(NEXT)

    def one(_number: int) -> list[str]:
        with app.app_context():
            return obtain(peer, http, NEXT.kid)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(16))) == [[NEXT.kid]] * 16
    assert len(peer.asked) == 2
