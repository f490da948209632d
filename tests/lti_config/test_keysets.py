"""Key sets of platforms: kept, refreshed in time, never replaced by nonsense (row 42)."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy.orm import Session

from app.extensions import transaction
from lti_config import keysets
from lti_config.errors import LaunchRefused, Unreachable
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
        kept = keysets.load(session, peer.url)
    keys = keysets.obtain(kept, peer.url, kid, steps=transaction, client=http)
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


@pytest.mark.parametrize(
    ("control", "life"),
    [
        (None, timedelta(hours=1)),
        ("max-age=10", timedelta(minutes=5)),
        ("public, max-age=7200", timedelta(hours=2)),
        ('max-age="7200"', timedelta(hours=2)),
        ("max-age=99999999", timedelta(hours=24)),
        ("no-store", timedelta(minutes=5)),
        ("max-age=soon", timedelta(hours=1)),
    ],
)
def test_how_long_it_is_kept(control: str | None, life: timedelta, peer: Peer, http: Client):
    peer.answer = published(KEY, **({"Cache_Control": control} if control else {}))
    assert keysets.fetch(http, peer.url).life == life


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


def test_only_sound_rsa_signature_keys_count(peer: Peer, http: Client):
    weak = RSAKey.generate_key(1024, auto_kid=True)
    good = KEY.as_dict(private=False)
    odd = [
        weak.as_dict(private=False),
        OctKey.generate_key(256).as_dict(private=True) | {"kid": "secret"},
        ECKey.generate_key("P-256", auto_kid=True).as_dict(private=False),
        good | {"kid": ""},
        good | {"kid": 7},
        good | {"use": "enc"},
        good | {"alg": "RS384"},
        good | {"n": "***"},
        good | {"n": 5},
        "text",
        None,
    ]
    body = json.dumps({"keys": [*odd, good | {"x5c": ["\x00"]}]}).encode()
    peer.answer = lambda _asked: (200, {}, body)
    (kept,) = keysets.fetch(http, peer.url).keys
    assert kept["kid"] == KEY.kid
    assert set(kept) == {"kty", "n", "e", "kid", "alg"}


def test_a_private_address_is_not_asked(session: Session):
    with pytest.raises(Unreachable):
        keysets.fetch(Client.trusting(()), "https://127.0.0.1/jwks")
