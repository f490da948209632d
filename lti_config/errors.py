"""What can go wrong on the wire, as types."""


class LaunchRefused(Exception):
    """A login or launch that must not go on.

    `sentence` is for the person, `reason` for the log alone.
    """

    def __init__(self, status: int, sentence: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.sentence = sentence
        self.reason = reason


class InvitationRefused(Exception):
    """An invitation that opens nothing: unknown, run out, spent, or in use just now.

    `sentence` is for the person, the message for the log.
    """

    def __init__(self, status: int, sentence: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.sentence = sentence


class AddressRefused(Exception):
    """An address that we don't go to: not https, or a private network that is not listed."""


class Unreachable(Exception):
    """No proper answer came: no connection, time-out, too large, a redirect. Worth another try."""


class RegistrationClash(Exception):
    """A platform or client id can't be registered as asked; the message says what to do."""


class SealBroken(Exception):
    """Nothing in COURSELLM_SECRET_KEYS opens what was encrypted."""
