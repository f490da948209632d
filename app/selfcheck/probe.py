"""Do a platform's services answer? Asked afresh, nothing kept: for the self-check.

Tokens: Security Framework 1.0, 4.1. Columns: AGS 2.0, 3.2.4. Roster: NRPS 2.0, 2.
"""

from collections.abc import Collection
from dataclasses import dataclass

from lti_config import keys, line_items, nrps, tokens
from lti_config.errors import AddressRefused, Unreachable
from lti_config.services import Service
from lti_config.tokens import TokenRefused


class ProbeFailed(Exception):
    """The service did not do what it is for. The message is what came instead."""


@dataclass(frozen=True)
class Tokens:
    """For which scopes the platform gives a token now, and for which not, with its reason."""

    given: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def ask_tokens(service: Service, scopes: Collection[str]) -> Tokens:
    """Ask for a token for all of these scopes; where that fails, for each by itself.

    Waits on the network.
    """
    wanted = sorted(set(scopes))
    if _token_error(service, wanted) is None:
        return Tokens(tuple(wanted), ())
    errors = {scope: _token_error(service, [scope]) for scope in wanted}
    return Tokens(
        tuple(scope for scope in wanted if errors[scope] is None),
        tuple((scope, error) for scope, error in errors.items() if error is not None),
    )


def count_line_items(service: Service, url: str, scopes: Collection[str]) -> int:
    """How many columns the first page of the course's line items lists.

    `scopes`: those granted. Waits on the network. Raises ProbeFailed.
    """
    scope = line_items.READ_SCOPE if line_items.READ_SCOPE in scopes else line_items.SCOPE
    try:
        reply = service.get(url, [scope], line_items.CONTAINER_TYPE)
    except (AddressRefused, TokenRefused, Unreachable) as error:
        raise ProbeFailed(str(error)) from error
    listed = reply.json() if reply.status == 200 else None
    if not isinstance(listed, list):
        raise ProbeFailed(reply.shown)
    return len(listed)


def count_members(service: Service, url: str) -> int:
    """How many members the first page of the roster lists. Waits on the network.

    Raises ProbeFailed.
    """
    try:
        return nrps.read_first_page(service, url)
    except nrps.NotRead as error:
        raise ProbeFailed(str(error)) from error


def _token_error(service: Service, scopes: Collection[str]) -> str | None:
    with service.steps() as session:
        key = keys.signing_key(session, service.secret_keys)
    try:
        tokens.request(service.client, service.account, key, scopes)
    except (TokenRefused, Unreachable) as error:
        return str(error)
    return None
