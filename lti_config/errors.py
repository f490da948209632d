"""What can go wrong on the wire, as types."""

from enum import StrEnum
from uuid import UUID


class Fault(StrEnum):
    """What is wrong with a connection, where it is no single person's trouble."""

    KEY = "key"
    """The signature fits none of the platform's keys."""
    KEY_SET = "key_set"
    """The platform's key set can't be had."""
    ISSUER = "issuer"
    AUDIENCE = "audience"
    CLOCK = "clock"
    DEPLOYMENT = "deployment"
    TARGET = "target"
    """Its links lead to another place than ours."""
    MESSAGE = "message"
    """Something that LTI requires is missing or of the wrong type."""
    ANONYMOUS = "anonymous"
    DENIED = "denied"
    """The platform itself signs nobody in for us."""
    TOKEN = "token"  # noqa: S105 - a name
    """No access token for its services."""
    SCORE = "score"
    """It takes no scores."""


class LaunchRefused(Exception):
    """A login or launch that must not go on.

    `title` and `sentence` are for the person, `next_step` says whom to ask and what happens then;
    `reason` is for the log and the operator. `fault`: what is wrong with the connection, if it is
    that.
    """

    registration_id: UUID | None = None
    """Whose sign-in it was, as far as that is known."""

    def __init__(
        self,
        status: int,
        sentence: str,
        reason: str,
        fault: Fault | None = None,
        *,
        title: str = "You were not signed in",
        next_step: str = "",
    ) -> None:
        super().__init__(reason)
        self.title = title
        self.next_step = next_step
        self.status = status
        self.sentence = sentence
        self.reason = reason
        self.fault = fault


class RegistrationRefused(Exception):
    """A dynamic registration that must not go on, or that the LMS did not take.

    `sentence` says what to do, the message is for the log.
    """

    def __init__(self, status: int, sentence: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.sentence = sentence


class AddressRefused(Exception):
    """An address that we don't go to: not https, or a private network that is not listed."""


class Unreachable(Exception):
    """No proper answer came: no connection, time-out, too large, a redirect. Worth another try.

    `status`: of an answer that says "later".
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class TooLarge(Unreachable):
    """The answer is larger than what we take."""


class SealBroken(Exception):
    """Nothing in COURSELLM_SECRET_KEYS opens what was encrypted."""
