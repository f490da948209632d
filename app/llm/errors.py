"""What can go wrong with a model, in words for the person; the vendor's words go to the log."""

import openai

from app.errors import DomainError


class ModelUnavailable(DomainError):
    """No answer came, or it broke off. `sentence` begins the notice, `reason` is for the log."""

    status = 503
    sentence = "The model did not reply."

    def __init__(self, sentence: str | None = None, *, reason: str, is_passing: bool = True):
        super().__init__(sentence, reason=reason)
        self.is_passing = is_passing
        """Whether trying again later can help without anybody changing a setting."""


NO_REPLY = "The model did not reply."
BROKE_OFF = "The model broke off."
BUSY = "The model is busy."
REFUSED = "The model is not set up rightly."
TOO_LONG = "The question and its pages are too long for the model."


def as_unavailable(error: Exception) -> ModelUnavailable:
    """The vendor's error as ours. Prompts and keys never reach the reason."""
    if isinstance(error, openai.RateLimitError):
        return ModelUnavailable(BUSY, reason=f"status {error.status_code}: {error.code}")
    if isinstance(error, openai.APIStatusError):
        return _refused(error)
    if isinstance(error, openai.APIConnectionError | TimeoutError):
        return ModelUnavailable(NO_REPLY, reason=f"{type(error).__name__}: {error.__cause__!r}")
    if isinstance(error, openai.APIError):
        return ModelUnavailable(BROKE_OFF, reason=f"error in the stream: {error.code}")
    return ModelUnavailable(BROKE_OFF, reason=f"{type(error).__name__}: {error}")


def _refused(error: openai.APIStatusError) -> ModelUnavailable:
    reason = f"status {error.status_code}: {error.code}"
    if error.status_code >= 500 or error.status_code == 408:
        return ModelUnavailable(NO_REPLY, reason=reason)
    if error.code in {"context_length_exceeded", "exceed_context_size_error"}:
        return ModelUnavailable(TOO_LONG, reason=reason, is_passing=False)
    return ModelUnavailable(REFUSED, reason=reason, is_passing=False)
