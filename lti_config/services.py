"""A registration's services: requests with a token, without a database held while they wait.

Each database step is opened and closed in here, by the way to the database that the caller hands
in (the application's `transaction`).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from lti_config import health, keys, registrations, tokens
from lti_config.errors import Fault, Unreachable
from lti_config.http import Client, Reply
from lti_config.steps import Steps
from lti_config.tokens import Account, TokenRefused


@dataclass(frozen=True)
class Service:
    """The way to the services of one registration."""

    account: Account
    client: Client
    steps: Steps
    secret_keys: tuple[str, ...]

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
        reply = send(_bearer(self._token(scopes)))
        if reply.status == 401:
            with self.steps() as session:
                tokens.drop(session, self.account)
            reply = send(_bearer(self._token(scopes)))
        return reply

    def _token(self, scopes: Collection[str]) -> str:
        with self.steps() as session:
            kept = tokens.cached(session, self.secret_keys, self.account, scopes)
            if kept:
                return kept
            key = keys.signing_key(session, self.secret_keys)
        registration_id = self.account.registration_id
        try:
            token = tokens.request(self.client, self.account, key, scopes)
        except (TokenRefused, Unreachable) as error:
            with self.steps() as session:
                health.note_error(session, registration_id, Fault.TOKEN, str(error))
            raise
        with self.steps() as session:
            tokens.keep(session, self.secret_keys, self.account, scopes, token)
            health.note_token(session, registration_id)
        return token.value


def connect(
    registration_id: UUID, *, steps: Steps, client: Client, secret_keys: tuple[str, ...]
) -> Service:
    """The services of a registration.

    Raises TokenRefused if the registration is gone or disabled.
    """
    with steps() as session:
        account = registrations.account(session, registration_id)
    return Service(account, client, steps, secret_keys)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
