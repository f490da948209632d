"""Scores to a line item, results from it: Assignment and Grade Services 2.0, sections 3.3, 3.4.

What each LMS answers, and what to do about it, is measured: the table of outcomes is `_outcome`.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from lti_config.errors import AddressRefused, Unreachable
from lti_config.http import Reply
from lti_config.platforms import canvas
from lti_config.services import Service
from lti_config.tokens import TokenRefused

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULT_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
LONGEST_RETRY_AFTER = timedelta(hours=1)


class ActivityProgress(StrEnum):
    SUBMITTED = "Submitted"
    """Something is done, more may come."""
    COMPLETED = "Completed"


class GradingProgress(StrEnum):
    FULLY_GRADED = "FullyGraded"
    PENDING_MANUAL = "PendingManual"


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
class Score:
    """One score as it is to stand in the gradebook. `subject` is the learner's `sub`."""

    subject: str
    given: Decimal
    maximum: Decimal
    timestamp: datetime
    activity_progress: ActivityProgress = ActivityProgress.COMPLETED
    grading_progress: GradingProgress = GradingProgress.FULLY_GRADED
    is_first: bool = True
    """Whether no score of this learner was accepted for this line item before."""


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


@dataclass(frozen=True)
class Result:
    """What the gradebook shows; `score` is empty where it shows no grade."""

    score: Decimal | None
    maximum: Decimal | None


def next_timestamp(last: datetime | None, moment: datetime) -> datetime:
    """The timestamp of the next score: a whole second, later than the last one (Moodle)."""
    second = moment.replace(microsecond=0)
    return second if last is None else max(second, last.replace(microsecond=0) + _SECOND)


def post_score(service: Service, line_item_url: str, score: Score) -> Outcome:
    """Send one score. Waits on the network: no session is open meanwhile."""
    outcome = _post(service, line_item_url, score)
    if score.is_first and isinstance(outcome, Refused) and canvas.lacks_attempts(outcome.reason):
        return _post(service, line_item_url, replace(score, is_first=False))
    return outcome


def read_result(service: Service, line_item_url: str, subject: str) -> Result | Refused | Transient:
    """What the gradebook shows for this learner. Waits on the network."""
    url = _below(line_item_url, "results", {"user_id": subject})
    try:
        reply = service.get(url, [RESULT_SCOPE], RESULT_TYPE)
    except (AddressRefused, TokenRefused) as error:
        return Refused(Cause.ACCESS, str(error))
    except Unreachable as error:
        return Transient(str(error))
    if reply.status != 200:
        outcome = _outcome(reply)
        return outcome if isinstance(outcome, Refused | Transient) else _odd(reply)
    return _result(reply, subject)


_SECOND = timedelta(seconds=1)


def _post(service: Service, line_item_url: str, score: Score) -> Outcome:
    body = json.dumps(_body(service, score)).encode()
    try:
        url = _below(line_item_url, "scores")
        return _outcome(service.post(url, [SCORE_SCOPE], body, SCORE_TYPE))
    except (AddressRefused, TokenRefused) as error:
        return Refused(Cause.ACCESS, str(error))
    except Unreachable as error:
        return Transient(str(error))


def _body(service: Service, score: Score) -> dict[str, Any]:
    body: dict[str, Any] = {
        "userId": score.subject,
        "scoreGiven": _number(score.given),
        "scoreMaximum": _number(score.maximum),
        "activityProgress": score.activity_progress.value,
        "gradingProgress": score.grading_progress.value,
        "timestamp": score.timestamp.isoformat(timespec="milliseconds"),
    }
    if canvas.is_canvas(service.account.product_family):
        body |= canvas.submission(is_new=score.is_first)
    return body


def _below(line_item_url: str, path: str, query: dict[str, str] | None = None) -> str:
    """An address under a line item: the path goes before its query (Moodle's has one)."""
    parts = urlsplit(line_item_url)
    asked = "&".join(part for part in (parts.query, urlencode(query or {})) if part)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{path}", query=asked))


def _outcome(reply: Reply) -> Outcome:
    status, reason = reply.status, _reason(reply)
    if 200 <= status < 300:
        return Delivered(_receipt(reply))
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


def _odd(reply: Reply) -> Transient:
    return Transient(f"unexpected answer: {_reason(reply)}")


def _reason(reply: Reply) -> str:
    """Status and words for the log. Moodle puts words, and our whole request, into the phrase."""
    words = reply.reason.partition("{")[0].strip()
    text = " ".join(reply.body[:200].decode(errors="replace").split())
    return f"{reply.status} {words[:100]} {text if text != '[]' else ''}".strip()


def _receipt(reply: Reply) -> dict[str, Any]:
    try:
        answer = reply.json()
    except ValueError:
        answer = None
    url = answer.get("resultUrl") if isinstance(answer, dict) else None
    return {"status": reply.status, "result_url": url if isinstance(url, str) else None}


def _retry_after(reply: Reply) -> timedelta | None:
    value = reply.headers.get("Retry-After", "")
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        return None
    return min(timedelta(seconds=int(value)), LONGEST_RETRY_AFTER)


def _result(reply: Reply, subject: str) -> Result | Transient:
    try:
        rows = json.loads(reply.body, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError):
        return _odd(reply)
    if not isinstance(rows, list):
        return _odd(reply)
    for row in rows:
        if isinstance(row, dict) and str(row.get("userId")) == subject:
            return Result(_decimal(row.get("resultScore")), _decimal(row.get("resultMaximum")))
    return Result(None, None)


def _decimal(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
