"""Scores that the tool sends, and the results it reads back: AGS 2.0 sections 3.3 and 3.4.

Two rules are stricter than the text, because real platforms have them: a timestamp must be a whole
second newer than the last (Moodle), and a score that is not FullyGraded takes the grade away
(Canvas and Moodle).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from demo_lms import persons
from demo_lms.checks import (
    json_object,
    number,
    one_of,
    optional_text,
    positive_number,
    some_text,
    time_of,
)
from demo_lms.errors import Refusal, bad_request
from demo_lms.line_items import LineItem, item_url, plain
from demo_lms.platform import Platform

ACTIVITY_PROGRESS = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING_PROGRESS = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")
COMMENT_LENGTH = 10_000
KEPT_POSTS = 500


def receive(platform: Platform, item: LineItem, body: object) -> None:
    """Take one score and write down that it came, taken or not. Raises Refusal."""
    try:
        _take(platform, item, json_object(body, "The score"))
    except Refusal as refusal:
        _log(platform, item, body, refusal.status, refusal.reason)
        raise
    _log(platform, item, body, 200, "")


def results(platform: Platform, item: LineItem, user_id: str | None) -> list[dict[str, Any]]:
    """What the gradebook shows now, rescaled to the item's maximum; empty cells are left out."""
    rows = platform.store.rows(
        "SELECT * FROM grades WHERE line_item_id = ? AND (score_given IS NOT NULL OR comment != '')"
        " ORDER BY subject",
        item.id,
    )
    shown = [row for row in rows if user_id in (None, row["subject"])]
    return [_result(platform, item, row) for row in shown]


def scaled(row: Mapping[str, Any] | sqlite3.Row, item: LineItem) -> float | None:
    """The grade in points of the item; more than its maximum is possible (AGS 2.0 3.4.4)."""
    if row["score_given"] is None:
        return None
    return float(row["score_given"]) / float(row["score_maximum"]) * item.score_maximum


def posts(platform: Platform, most: int) -> list[sqlite3.Row]:
    """The last scores that came, newest first."""
    return platform.store.rows("SELECT * FROM score_posts ORDER BY id DESC LIMIT ?", most)


def save(db: sqlite3.Connection, grade: Mapping[str, object]) -> None:
    """Write one cell of the gradebook; the keys are the table's columns."""
    db.execute(
        "INSERT OR REPLACE INTO grades VALUES (:line_item_id, :subject, :score_given,"
        " :score_maximum, :activity_progress, :grading_progress, :comment, :stamped_at,"
        " :stamped_second, :by_teacher)",
        dict(grade),
    )


def _take(platform: Platform, item: LineItem, fields: dict[str, Any]) -> None:
    grade = _read(item, fields)
    with platform.store.write() as db:
        old = db.execute(
            "SELECT * FROM grades WHERE line_item_id = ? AND subject = ?",
            (item.id, grade["subject"]),
        ).fetchone()
        if old and grade["stamped_second"] <= old["stamped_second"]:
            raise Refusal(409, "conflict", "timestamp is not newer than the stored grade's.")
        if old and old["by_teacher"] and not grade["comment"]:
            grade["comment"] = old["comment"]  # only a comment of the tool's is cleared (3.4.11)
        save(db, grade)


def _read(item: LineItem, fields: dict[str, Any]) -> dict[str, Any]:
    moment = _score_time(fields)
    activity = one_of(fields, "activityProgress", ACTIVITY_PROGRESS)
    grading = one_of(fields, "gradingProgress", GRADING_PROGRESS)
    given, maximum = _points(fields)
    _check_submission(fields)
    if grading != "FullyGraded":
        given = maximum = None
    return {
        "line_item_id": item.id,
        "subject": _student(fields),
        "score_given": given,
        "score_maximum": maximum,
        "activity_progress": activity,
        "grading_progress": grading,
        "comment": optional_text(fields, "comment", COMMENT_LENGTH) or "",
        "stamped_at": moment.astimezone(UTC).isoformat(),
        "stamped_second": int(moment.timestamp()),
        "by_teacher": 0,
    }


def _student(fields: dict[str, Any]) -> str:
    subject = some_text(fields, "userId")
    person = persons.by_subject(subject)
    if person is None or not person.is_student:
        raise Refusal(422, "invalid_user", "User not found in course or is not a student.")
    return subject


def _points(fields: dict[str, Any]) -> tuple[float | None, float | None]:
    """scoreGiven from 0 up, with the scoreMaximum it belongs to (3.4.4)."""
    if fields.get("scoreGiven") is None:
        return None, None
    given = number(fields, "scoreGiven")
    if given < 0:
        raise bad_request("scoreGiven must not be negative.")
    return given, positive_number(fields, "scoreMaximum")


def _score_time(fields: dict[str, Any]) -> datetime:
    moment = time_of(fields, "timestamp")
    if "." not in fields["timestamp"]:
        raise bad_request("timestamp must have fractions of a second (AGS 2.0 section 3.4.9).")
    return moment


def _check_submission(fields: dict[str, Any]) -> None:
    """startedAt and submittedAt, in this order (3.4.10)."""
    submission = json_object(fields.get("submission", {}), "submission")
    names = [name for name in ("startedAt", "submittedAt") if submission.get(name) is not None]
    times = [time_of(submission, name) for name in names]
    if times != sorted(times):
        raise bad_request("submittedAt is before startedAt.")


def _result(platform: Platform, item: LineItem, row: sqlite3.Row) -> dict[str, Any]:
    address = item_url(platform.settings, item.id, "/results")
    result: dict[str, Any] = {
        "id": f"{address}&user_id={row['subject']}",
        "scoreOf": item_url(platform.settings, item.id),
        "userId": row["subject"],
    }
    points = scaled(row, item)
    if points is not None:
        result |= {"resultScore": plain(points), "resultMaximum": plain(item.score_maximum)}
    if row["comment"]:
        result["comment"] = row["comment"]
    return result


def _log(platform: Platform, item: LineItem, body: object, status: int, reason: str) -> None:
    subject = str(body.get("userId", "")) if isinstance(body, dict) else ""
    with platform.store.write() as db:
        db.execute(
            "INSERT INTO score_posts (received_at, line_item_id, label, subject, status, reason,"
            " body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (platform.now(), item.id, item.label, subject, status, reason, json.dumps(body)),
        )
        db.execute(
            "DELETE FROM score_posts WHERE id <= (SELECT max(id) - ? FROM score_posts)",
            (KEPT_POSTS,),
        )
