"""Secrets at rest: encrypted with the newest of the installation's secret keys, opened by any."""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lti_config.errors import SealBroken


def seal(secret_keys: tuple[str, ...], secret: bytes) -> bytes:
    """Encrypt and authenticate with the newest key."""
    return _box(secret_keys).encrypt(secret)


def unseal(secret_keys: tuple[str, ...], sealed: bytes) -> bytes:
    """What was sealed with any of the keys. Raises SealBroken."""
    try:
        return _box(secret_keys).decrypt(sealed)
    except InvalidToken as error:
        raise SealBroken("no key of COURSELLM_SECRET_KEYS opens what was encrypted") from error


@cache
def _box(secret_keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in secret_keys])


def _derived(key: str) -> bytes:
    """The same secrets sign other things: a key of its own for each purpose."""
    derivation = HKDF(SHA256(), length=32, salt=None, info=b"coursellm sealed at rest")
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
