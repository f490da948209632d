"""What the platform refuses, as one type: HTTP status, machine code, a sentence."""

from __future__ import annotations


class Refusal(Exception):
    """A request that the platform does not grant.

    `code` is the error code of OAuth 2.0 or OpenID Connect where there is one, else a short word;
    `reason` tells a developer who is trying the tool what was wrong.
    """

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(f"{status} {code}: {reason}")
        self.status = status
        self.code = code
        self.reason = reason


def bad_request(reason: str) -> Refusal:
    return Refusal(400, "invalid_request", reason)
