"""What Canvas does otherwise (its source: controllers under app/controllers/lti/ims)."""

from collections.abc import Mapping
from typing import Any

from lti_config.http import Reply

FAMILY = "canvas"
FRAMES = ("https://*.instructure.com",)
"""Hosted Canvas shows tools from each school's own subdomain, signs in from another host."""
_PLACEMENT = "https://www.instructure.com/placement"
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


def full_window(
    claims: Mapping[str, Any], target_link_uri: str, link_id: str | None
) -> dict[str, Any]:
    """The message that asks the Canvas page round our frame to launch us in a window of our own.

    A message of the browser, postMessage; nothing in it is secret. (Canvas: window post messages.)
    """
    placement = claims.get(_PLACEMENT)
    known = {
        "placement": placement if isinstance(placement, str) else None,
        "resource_link_id": link_id,
    }
    data = {"url": target_link_uri, "launchType": "new_window"}
    data |= {name: value for name, value in known.items() if value}
    return {"subject": "requestFullWindowLaunch", "data": data}


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
