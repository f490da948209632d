"""Key sets of platforms, as they are read: which keys count, and for how long."""

import json
from datetime import timedelta

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from lti_config import keysets
from lti_config.errors import Unreachable
from lti_config.http import Client
from tests.lti_config.conftest import Peer

KEY = RSAKey.generate_key(2048, auto_kid=True)


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
    body = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
    peer.answer = lambda _asked: (200, {"Cache-Control": control} if control else {}, body)
    assert keysets.fetch(http, peer.url).life == life


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


def test_a_private_address_is_not_asked():
    with pytest.raises(Unreachable):
        keysets.fetch(Client.trusting(()), "https://127.0.0.1/jwks")
