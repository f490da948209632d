"""Scores to a line item, results from it: Assignment and Grade Services 2.0, sections 3.3, 3.4.

What an answer means says `outcomes`.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lti_config.addresses import below
from lti_config.http import Reply
from lti_config.outcomes import Outcome, Refused, Transient, asked, failure_of, odd, outcome_of
from lti_config.paging import read_list, rows_of
from lti_config.platforms import canvas
from lti_config.services import Service

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULT_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"


class ActivityProgress(StrEnum):
    SUBMITTED = "Submitted"
    """Something is done, more may come."""
    COMPLETED = "Completed"


@dataclass(frozen=True)
class Score:
    """One score as it is to stand in the gradebook. `subject` is the learner's `sub`."""

    subject: str
    given: Decimal
    maximum: Decimal
    timestamp: datetime
    activity_progress: ActivityProgress = ActivityProgress.COMPLETED
    review_url: str | None = None
    """Where the work is shown, for a score that hands it in; None: only the score changes."""


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
    if score.review_url and isinstance(outcome, Refused) and canvas.lacks_attempts(outcome.reason):
        return _post(service, line_item_url, replace(score, review_url=None))
    return outcome


def read_result(service: Service, line_item_url: str, subject: str) -> Result | Refused | Transient:
    """What the gradebook shows for this learner. Waits on the network."""
    url = below(line_item_url, "results", {"user_id": subject})
    reply = asked(lambda: service.get(url, [RESULT_SCOPE], RESULT_TYPE))
    if not isinstance(reply, Reply):
        return reply
    if reply.status != 200:
        return failure_of(reply)
    return _result(reply, subject)


def read_results(service: Service, line_item_url: str) -> dict[str, Result] | Refused | Transient:
    """What the gradebook shows of everybody, by subject. Waits on the network."""
    rows = read_list(service, below(line_item_url, "results"), RESULT_SCOPE, RESULT_TYPE)
    return {str(row.get("userId")): _read(row) for row in rows} if isinstance(rows, list) else rows


_SECOND = timedelta(seconds=1)


def _post(service: Service, line_item_url: str, score: Score) -> Outcome:
    body = json.dumps(_body(service, score)).encode()
    url = below(line_item_url, "scores")
    reply = asked(lambda: service.post(url, [SCORE_SCOPE], body, SCORE_TYPE))
    return outcome_of(reply) if isinstance(reply, Reply) else reply


def _body(service: Service, score: Score) -> dict[str, Any]:
    body: dict[str, Any] = {
        "userId": score.subject,
        "scoreGiven": _number(score.given),
        "scoreMaximum": _number(score.maximum),
        "activityProgress": score.activity_progress.value,
        "gradingProgress": "FullyGraded",  # no other is sure to be recorded (section 3.4.8)
        "timestamp": score.timestamp.isoformat(timespec="milliseconds"),
    }
    if canvas.is_canvas(service.account.product_family):
        body |= canvas.submission(score.review_url)
    return body


def _result(reply: Reply, subject: str) -> Result | Transient:
    rows = rows_of(reply)
    if rows is None:
        return odd(reply)
    own = [row for row in rows if str(row.get("userId")) == subject]
    return _read(own[0]) if own else Result(None, None)


def _read(row: dict[str, Any]) -> Result:
    return Result(_decimal(row.get("resultScore")), _decimal(row.get("resultMaximum")))


def _decimal(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
