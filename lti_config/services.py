"""A registration's services: requests with a token, without a database held while they wait.

Each database step is opened and closed in here, by the way to the database that the caller hands
in (the application's `transaction`).
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from lti_config import keys, tokens
from lti_config.errors import Unreachable
from lti_config.http import Client, Reply
from lti_config.keys import SigningKey
from lti_config.steps import Steps
from lti_config.tokens import Account, TokenRefused

PATIENCE_SECONDS = 22.0
"""A little longer than the slowest token endpoint may take."""
LOOK_SECONDS = 0.1

Note = Callable[[Session, UUID, str | None], None]
"""Told of each token that was asked for: of whose registration, and why there is none, if so."""


@dataclass(frozen=True)
class Service:
    """The way to the services of one registration."""

    account: Account
    client: Client
    steps: Steps
    secret_keys: tuple[str, ...]
    note: Note
    held: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Tokens by scopes, for the life of this value: one errand, not a look for each request."""

    def get(self, url: str, scopes: Collection[str], accept: str) -> Reply:
        """GET with a token. Raises AddressRefused, TokenRefused, Unreachable."""
        return self._with_token(
            scopes, lambda auth: self.client.get(url, {"Accept": accept, **auth})
        )

    def post(self, url: str, scopes: Collection[str], body: bytes, content_type: str) -> Reply:
        """POST with a token. Raises AddressRefused, TokenRefused, Unreachable."""
        headers = {"Content-Type": content_type}
        return self._with_token(
            scopes, lambda auth: self.client.post(url, body, {**headers, **auth})
        )

    def _with_token(
        self, scopes: Collection[str], send: Callable[[Mapping[str, str]], Reply]
    ) -> Reply:
        """Send; on a 401 drop the token and try once more with a fresh one."""
        token = self._token(scopes)
        reply = send(_bearer(token))
        if reply.status == 401:
            with self.steps() as session:
                tokens.drop(session, self.secret_keys, self.account, scopes, token)
            self.held.clear()
            reply = send(_bearer(self._token(scopes)))
        return reply

    def _token(self, scopes: Collection[str]) -> str:
        """The token at hand, the one kept, or a new one."""
        key = tuple(sorted(scopes))
        if key not in self.held:
            self.held[key] = self._shared_token(key)
        return self.held[key]

    def _shared_token(self, scopes: Collection[str]) -> str:
        """Of all workers one asks the platform, the others wait for it."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            with self.steps() as session:
                kept = tokens.cached(session, self.secret_keys, self.account, scopes)
                if kept:
                    return kept
                is_ours = tokens.claim(session, self.account, scopes)
                key = keys.signing_key(session, self.secret_keys) if is_ours else None
            if key:
                return self._asked(scopes, key)
            time.sleep(LOOK_SECONDS)
        raise Unreachable("no token: another worker is still asking the platform for one")

    def _asked(self, scopes: Collection[str], key: SigningKey) -> str:
        try:
            token = tokens.request(self.client, self.account, key, scopes)
        except (TokenRefused, Unreachable) as error:
            with self.steps() as session:
                tokens.release(session, self.account, scopes)
                self.note(session, self.account.registration_id, str(error))
            raise
        with self.steps() as session:
            tokens.keep(session, self.secret_keys, self.account, scopes, token)
            self.note(session, self.account.registration_id, None)
        return token.value


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
