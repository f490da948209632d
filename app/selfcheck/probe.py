"""Do a platform's services answer? Asked afresh, nothing kept: for the self-check.

Tokens: Security Framework 1.0, 4.1. Columns: AGS 2.0, 3.2.4. Roster: NRPS 2.0, 2.
"""

from collections.abc import Collection
from dataclasses import dataclass

from app import config
from app.extensions import transaction
from lti_config import keys, line_items, nrps, tokens
from lti_config.errors import AddressRefused, Unreachable
from lti_config.outcomes import Transient, failure_of
from lti_config.services import Service
from lti_config.tokens import TokenRefused


class ProbeFailed(Exception):
    """The service did not do what it is for. The message is what came instead.

    `status`: of the answer, if there was one. `is_late`: no answer, or one that says "later".
    """

    def __init__(self, seen: str, status: int | None, *, is_late: bool) -> None:
        super().__init__(seen)
        self.status = status
        self.is_late = is_late


@dataclass(frozen=True)
class Tokens:
    """For which scopes the platform gives a token now, and for which not, with its reason."""

    given: tuple[str, ...]
    refused: tuple[tuple[str, ProbeFailed], ...]


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
    except AddressRefused as error:
        raise ProbeFailed(str(error), None, is_late=False) from error
    except (TokenRefused, Unreachable) as error:
        raise _failed(error) from error
    listed = reply.json() if reply.status == 200 else None
    if not isinstance(listed, list):
        is_late = isinstance(failure_of(reply), Transient)
        raise ProbeFailed(reply.shown, reply.status, is_late=is_late)
    return len(listed)


def count_members(service: Service, url: str) -> int:
    """How many members the first page of the roster lists. Waits on the network.

    Raises ProbeFailed.
    """
    try:
        return nrps.read_first_page(service, url)
    except nrps.NotRead as error:
        is_late = error.cause is nrps.Cause.UNREACHABLE
        raise ProbeFailed(str(error), error.status, is_late=is_late) from error


def _failed(error: TokenRefused | Unreachable) -> ProbeFailed:
    return ProbeFailed(str(error), error.status, is_late=isinstance(error, Unreachable))


def _token_error(service: Service, scopes: Collection[str]) -> ProbeFailed | None:
    with transaction() as session:
        key = keys.signing_key(session, config.current().secret_keys)
    try:
        tokens.request(service.client, service.account, key, scopes)
    except (TokenRefused, Unreachable) as error:
        return _failed(error)
    return None
