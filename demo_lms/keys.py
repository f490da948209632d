"""The platform's own RS256 key: made once, kept beside the database, published at /jwks.

1EdTech Security Framework 1.0 section 6.3 (key set, kid).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet, RSAKey

KEY_FILE = "platform_key.pem"


def load_key(folder: Path) -> RSAKey:
    """The key pair of this folder, made on the first call. `kid` is its RFC 7638 thumbprint."""
    path = folder / KEY_FILE
    if not path.exists():
        _write_new(path)
    key = RSAKey.import_key(path.read_bytes())
    key.ensure_kid()
    return key


def public_key_set(key: RSAKey) -> dict[str, Any]:
    """The JWKS document with the public half only."""
    public = RSAKey.import_key(
        {**key.as_dict(private=False), "kid": key.kid or "", "use": "sig", "alg": "RS256"}
    )
    return dict(KeySet([public]).as_dict(private=False))


def _write_new(path: Path) -> None:
    """Write aside, then link: of two processes that start together one wins, whole."""
    key = RSAKey.generate_key(2048)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key.as_pem(private=True))
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
