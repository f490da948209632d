"""The tool's own keys: sealed at rest, made once, published before they sign."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extensions import transaction
from lti_config import keys
from lti_config.errors import SealBroken
from lti_config.sealing import seal, unseal
from models import ToolKey

OLD, NEW = ("old-" + "0" * 32,), ("new-" + "1" * 32, "old-" + "0" * 32)


def test_what_is_sealed_opens_with_any_key_and_no_other():
    sealed = seal(OLD, b"secret")
    assert b"secret" not in sealed
    assert unseal(NEW, sealed) == b"secret"
    with pytest.raises(SealBroken):
        unseal(("other-" + "2" * 32,), sealed)
    with pytest.raises(SealBroken):
        unseal(OLD, seal(NEW, b"secret"))
    with pytest.raises(SealBroken):
        unseal(OLD, b"broken")


def test_the_private_key_is_encrypted_at_rest(session: Session):
    key = keys.signing_key(session, OLD)
    row = session.scalars(select(ToolKey)).one()
    assert b"PRIVATE KEY" in key.private_pem
    assert b"PRIVATE KEY" not in row.private_key
    assert set(row.public_jwk) == {"kty", "kid", "n", "e", "alg", "use"}
    assert (row.public_jwk["alg"], row.public_jwk["use"]) == ("RS256", "sig")


def test_what_it_signs_verifies_with_what_it_publishes(session: Session):
    token = keys.signing_key(session, OLD).sign({"iss": "tool"})
    published = KeySet.import_key_set(keys.published(session, OLD))
    assert jwt.decode(token, published, algorithms=["RS256"]).claims == {"iss": "tool"}


def test_many_at_once_make_one_key(app: Any):
    def ask(_number: int) -> str:
        with app.app_context(), transaction() as session:
            return keys.signing_key(session, OLD).kid

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 1
