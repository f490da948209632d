"""What Canvas does otherwise (its source: controllers under app/controllers/lti/ims)."""

from typing import Any

from lti_config.http import Reply

FAMILY = "canvas"
FRAMES = ("https://*.instructure.com",)
"""Hosted Canvas shows tools from each school's own subdomain, signs in from another host."""
_SUBMISSION = "https://canvas.instructure.com/lti/submission"


def is_canvas(product_family: str | None) -> bool:
    return product_family == FAMILY


def is_account(context_types: list[str]) -> bool:
    """Launches from an account page bring a context that is no course: its type is this word."""
    return context_types == ["Account"]


def names_no_link(link_id: str, context_id: str | None) -> bool:
    """Placements without a link of their own, like course navigation, repeat the context's id.

    (On Moodle both are small numbers and may be equal by chance, so this is for Canvas alone.)
    """
    return link_id == context_id


def submission(*, is_new: bool) -> dict[str, Any]:
    """The extension of a score. Without it each score would be one more attempt of the learner."""
    return {_SUBMISSION: {"new_submission": is_new}}


def lacks_attempts(reason: str) -> bool:
    """A first score is a submission, and the assignment allows no more of them."""
    return reason.startswith("422") and "attempt" in reason.lower()


def has_old_timestamp(reason: str) -> bool:
    """400 where others say 409."""
    return "timestamp" in reason.lower()


def is_throttled(reply: Reply) -> bool:
    """403 means "too many requests" when nothing remains of the allowance."""
    try:
        is_spent = float(reply.headers.get("X-Rate-Limit-Remaining", "1")) <= 0
    except ValueError:
        is_spent = False
    return is_spent or b"Rate Limit Exceeded" in reply.body
