"""A registration's services: requests with a token, and once more with another if it is refused."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from lti_config.http import Client, Reply
from lti_config.tokens import Account


class Tokens(Protocol):
    """Where the tokens of a registration come from."""

    def take(self, scopes: Collection[str]) -> str:
        """A token for these scopes. Raises TokenRefused, Unreachable."""

    def drop(self, scopes: Collection[str], refused: str) -> None:
        """The platform refused this one: another is to be taken next."""


@dataclass(frozen=True)
class Service:
    """The way to the services of one registration."""

    account: Account
    client: Client
    tokens: Tokens

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
        token = self.tokens.take(scopes)
        reply = send(_bearer(token))
        if reply.status == 401:
            self.tokens.drop(scopes, token)
            reply = send(_bearer(self.tokens.take(scopes)))
        return reply


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
