"""What the answers of the grade services mean: taken, not newer, refused for good, try again.

Measured on Canvas and Moodle (their sources, and what a Moodle answered); one table for all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from lti_config import texts
from lti_config.errors import AddressRefused, Unreachable
from lti_config.http import Reply
from lti_config.platforms import canvas
from lti_config.tokens import TokenRefused

LONGEST_RETRY_AFTER = timedelta(hours=1)


class Cause(StrEnum):
    """Why a platform will not take a score, however often it is sent."""

    ACCESS = "access"
    """Our key, token, scope or address is not accepted: an administrator's matter."""
    GONE = "gone"
    """The course, line item or assignment does not exist any more, or has concluded."""
    NOT_GRADABLE = "not_gradable"
    """The platform does not grade this person here, or sees no attempt left."""
    REJECTED = "rejected"
    """Anything else."""


@dataclass(frozen=True)
class Delivered:
    """The platform has the score. `receipt`: what it answered, fit to be kept."""

    receipt: dict[str, Any]


@dataclass(frozen=True)
class NotNewer:
    """The platform holds a grade with this timestamp or a later one: read the result."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """The platform will not take it. `reason` is for the log and the teacher's detail."""

    cause: Cause
    reason: str


@dataclass(frozen=True)
class Transient:
    """Try again later: at the earliest after `retry_after`, if the platform said so.

    `is_of_platform`: other scores would fare no better now.
    """

    reason: str
    retry_after: timedelta | None = None
    is_of_platform: bool = True


Outcome = Delivered | NotNewer | Refused | Transient


def asked(ask: Callable[[], Reply]) -> Reply | Refused | Transient:
    """The reply, or what it means that there is none. Waits on the network."""
    try:
        return ask()
    except (AddressRefused, TokenRefused) as error:
        return Refused(Cause.ACCESS, str(error))
    except Unreachable as error:
        return Transient(str(error))


def outcome_of(reply: Reply) -> Outcome:
    """What the platform's answer means."""
    status, reason = reply.status, reply.shown
    if 200 <= status < 300:
        return odd(reply) if _is_page(reply) else Delivered(_receipt(reply))
    if status == 429 or status >= 500 or (status == 403 and canvas.is_throttled(reply)):
        return Transient(reason, _retry_after(reply))
    if status == 409 or (status == 400 and canvas.has_old_timestamp(reason)):
        return NotNewer(reason)
    cause = {
        401: Cause.ACCESS,
        403: Cause.ACCESS,
        404: Cause.GONE,
        # Moodle: "Incorrect score received" for whoever it can't grade. Canvas: 422.
        400: Cause.NOT_GRADABLE,
        422: Cause.NOT_GRADABLE,
    }.get(status, Cause.REJECTED)
    return Refused(cause, reason)


def failure_of(reply: Reply) -> Refused | Transient:
    """What an answer means that is not what was asked for."""
    outcome = outcome_of(reply)
    return outcome if isinstance(outcome, Refused | Transient) else odd(reply)


def odd(reply: Reply) -> Transient:
    """An answer of the wrong kind, as of a platform under repair."""
    return Transient(f"unexpected answer: {reply.shown}")


def _is_page(reply: Reply) -> bool:
    """A web page in place of an answer: a log-in, a notice of repairs, a proxy's apology."""
    return reply.body.lstrip()[:1] == b"<"


def _receipt(reply: Reply) -> dict[str, Any]:
    answer = reply.json()
    url = answer.get("resultUrl") if isinstance(answer, dict) else None
    return {"status": reply.status, "result_url": texts.clean(url) or None}


def _retry_after(reply: Reply) -> timedelta | None:
    value = reply.headers.get("Retry-After", "")
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        return None
    return min(timedelta(seconds=int(value)), LONGEST_RETRY_AFTER)
