"""The tool's own keys: sealed at rest, made once, published before they sign."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
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
from models import ToolKey, now

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


def kids(session: Session) -> list[str]:
    return [key["kid"] for key in keys.published(session, NEW)["keys"]]


def test_a_new_key_is_published_a_day_before_it_signs(session: Session):
    first = keys.signing_key(session, OLD).kid
    second = keys.rotate(session, NEW).key.kid
    assert kids(session) == [first, second]
    assert keys.signing_key(session, NEW).kid == first

    for row in session.scalars(select(ToolKey)):  # a day and a bit later
        row.signs_from -= timedelta(hours=24, minutes=1)
        row.retired_at = row.retired_at and row.retired_at - timedelta(hours=24, minutes=1)
    assert keys.signing_key(session, NEW).kid == second
    assert kids(session) == [first, second], "what the first signed lately must still verify"

    session.get_one(ToolKey, first).retired_at = now() - timedelta(seconds=1)
    session.flush()
    assert kids(session) == [second]
    keys.delete_retired(session)
    assert session.scalars(select(ToolKey.kid)).all() == [second]


def test_rotation_frees_the_former_secret_key(session: Session):
    keys.signing_key(session, OLD)
    keys.rotate(session, NEW)
    assert keys.signing_key(session, NEW[:1]).private_pem
    with pytest.raises(SealBroken):
        keys.signing_key(session, OLD)


def test_rotation_frees_it_for_keys_too_that_retire_soon(session: Session):
    keys.signing_key(session, OLD)
    keys.rotate(session, OLD)
    retires = session.scalars(select(ToolKey.retired_at).order_by(ToolKey.created_at)).first()
    keys.rotate(session, NEW)
    assert keys.signing_key(session, NEW[:1]).private_pem
    row = session.scalars(select(ToolKey).order_by(ToolKey.created_at)).first()
    assert row and row.retired_at == retires
