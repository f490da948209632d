"""The conversation with the LMS about one score: look if need be, post, look what it became.

No database is held here. The LMS has the last word: a grade that is none of ours is left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from lti_config import ags
from lti_config.ags import ActivityProgress, Result
from lti_config.outcomes import Delivered, NotNewer, Refused, Transient
from lti_config.services import Service

NEARLY = Decimal("0.0005")
"""Share of the maximum by which two equal grades may differ: LMSs round."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One score on its way: plain values, taken from its row before the network is used."""

    outbox_id: UUID
    registration_id: UUID
    url: str
    subject: str
    given: Decimal
    maximum: Decimal
    is_complete: bool
    review_url: str | None
    """Where the work is shown, if this score hands it in."""
    version: int
    timestamp: datetime
    accepted: tuple[Decimal, ...]
    """What the gradebook may show from the last score of ours that it accepted."""
    unconfirmed: tuple[Decimal, ...]
    """Posted after that without a known answer: the worker died, or the line broke."""
    is_inherited: bool
    """The column's address is of another deployment's time; no launch of today has named it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The gradebook has it. `shown` is what it shows, where it lets us read that."""

    receipt: dict[str, Any]
    shown: Decimal | None


@dataclass(frozen=True, slots=True)
class Changed:
    """The gradebook shows a grade that is none of ours: somebody changed it there."""

    shown: Decimal


Settled = Sent | Changed | Refused | Transient
Restamp = Callable[[], datetime]


def send(service: Service, sending: Sending, restamp: Restamp) -> Settled:
    """Bring the score into the gradebook. Waits on the network.

    `restamp` stores and gives a newer timestamp, for a platform that holds one as new as ours.
    """
    if sending.accepted or sending.unconfirmed:
        current = _read(service, sending)
        if isinstance(current, Transient):
            return current
        found = _judge(sending, current)
        if found is not None:
            return found
    return _post(service, sending, restamp)


def _judge(sending: Sending, shown: Decimal | None) -> Sent | Changed | None:
    """What the grade that stands there means; None: ours is still to be posted.

    An equal grade that was accepted before, of a part of the set, does not show that the whole was
    handed in: that is posted once more rather than never.
    """
    if shown is None:
        return None
    is_news = sending.given not in sending.accepted
    hands_in = sending.review_url is not None
    if _same(sending, shown, sending.given) and (is_news or (sending.unconfirmed and not hands_in)):
        return Sent({"found": True}, shown)
    ours = (*sending.accepted, *sending.unconfirmed)
    if not sending.accepted or any(_same(sending, shown, one) for one in ours):
        return None
    return Changed(shown)


def _post(service: Service, sending: Sending, restamp: Restamp) -> Settled:
    outcome = ags.post_score(service, sending.url, _score(sending))
    if isinstance(outcome, NotNewer):
        return _after_conflict(service, sending, restamp)
    return _settled(service, sending, outcome)


def _after_conflict(service: Service, sending: Sending, restamp: Restamp) -> Settled:
    """The platform's grade is as new as ours: read it, and if it isn't changed, stamp anew."""
    current = _read(service, sending)
    if isinstance(current, Transient):
        return current
    if current is not None and _same(sending, current, sending.given):
        return Sent({"found": True}, current)
    if isinstance(found := _judge(sending, current), Changed):
        return found
    again = ags.post_score(service, sending.url, _score(replace(sending, timestamp=restamp())))
    if isinstance(again, NotNewer):
        return Transient(f"its grade is newer than ours: {again.reason}", is_of_platform=False)
    return _settled(service, sending, again)


def _settled(
    service: Service, sending: Sending, outcome: Delivered | Refused | Transient
) -> Settled:
    if not isinstance(outcome, Delivered):
        return outcome
    shown = _read(service, sending)
    return Sent(outcome.receipt, shown if isinstance(shown, Decimal) else None)


def _read(service: Service, sending: Sending) -> Decimal | Transient | None:
    """The grade shown, in points of our maximum; None for none, or where we may not read."""
    result = ags.read_result(service, sending.url, sending.subject)
    if isinstance(result, Transient):
        return result
    return None if isinstance(result, Refused) else in_points(result, sending.maximum)


def in_points(result: Result, maximum: Decimal) -> Decimal | None:
    """What the gradebook shows, in points of our maximum."""
    if result.score is None or not result.maximum:
        return result.score
    return result.score / result.maximum * maximum


def is_same(one: Decimal, other: Decimal, maximum: Decimal) -> bool:
    """Whether two grades are one: LMSs round."""
    return abs(one - other) <= maximum * NEARLY


def _same(sending: Sending, one: Decimal, other: Decimal) -> bool:
    return is_same(one, other, sending.maximum)


def _score(sending: Sending) -> ags.Score:
    progress = ActivityProgress.COMPLETED if sending.is_complete else ActivityProgress.SUBMITTED
    return ags.Score(
        subject=sending.subject,
        given=sending.given,
        maximum=sending.maximum,
        timestamp=sending.timestamp,
        activity_progress=progress,
        review_url=sending.review_url,
    )
