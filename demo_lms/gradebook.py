"""The gradebook as people see it: a table of students and line items, and a teacher's own hand."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from demo_lms import line_items, persons, scores
from demo_lms.errors import Refusal, bad_request
from demo_lms.line_items import LineItem, plain
from demo_lms.persons import Person
from demo_lms.platform import Platform

_STATES = {
    "FullyGraded": "Graded",
    "Pending": "Grading under way",
    "PendingManual": "Needs grading",
    "Failed": "Grading failed",
}
_ACTIVITIES = {
    "Initialized": "Not started",
    "Started": "Started",
    "InProgress": "In progress",
    "Submitted": "Submitted",
    "Completed": "Completed",
}


@dataclass(frozen=True)
class Cell:
    """`points` are those of the line item, None if there is no grade; `at` is UTC."""

    points: float | int | None
    state: str
    at: datetime
    comment: str


@dataclass(frozen=True)
class Row:
    person: Person
    cells: list[Cell | None]


def table(platform: Platform, people: list[Person]) -> tuple[list[LineItem], list[Row]]:
    """All columns, and a row for each of these people."""
    columns = line_items.listed(platform.store)
    found = {
        (row["line_item_id"], row["subject"]): row
        for row in platform.store.rows("SELECT * FROM grades")
    }
    rows = [
        Row(person, [_cell(found.get((item.id, person.subject)), item) for item in columns])
        for person in people
    ]
    return columns, rows


def one_cell(platform: Platform, item_id: int, person_id: str) -> tuple[LineItem, Row]:
    """A column and one student's row of just this cell. Raises Refusal (404)."""
    item, person = line_items.get(platform.store, item_id), persons.find(person_id)
    if person is None or not person.is_student:
        raise Refusal(404, "not_found", "Only students are graded.")
    row = platform.store.row(
        "SELECT * FROM grades WHERE line_item_id = ? AND subject = ?", item.id, person.subject
    )
    return item, Row(person, [_cell(row, item)])


def override(platform: Platform, item_id: int, person_id: str, points: str, comment: str) -> None:
    """A teacher sets a grade by hand; an empty text takes it away. Raises Refusal."""
    item, row = one_cell(platform, item_id, person_id)
    person, given = row.person, _points(points)
    now = platform.now()
    grade = {
        "line_item_id": item.id,
        "subject": person.subject,
        "score_given": given,
        "score_maximum": None if given is None else item.score_maximum,
        "activity_progress": "Completed",
        "grading_progress": "FullyGraded",
        "comment": comment.strip()[: scores.COMMENT_LENGTH],
        "stamped_at": datetime.fromtimestamp(now, UTC).isoformat(),
        "stamped_second": now,
        "by_teacher": 1,
    }
    with platform.store.write() as db:
        scores.save(db, grade)


def _cell(row: sqlite3.Row | None, item: LineItem) -> Cell | None:
    if row is None:
        return None
    points = scores.scaled(row, item)
    return Cell(
        None if points is None else plain(points),
        _state(row),
        datetime.fromisoformat(row["stamped_at"]),
        row["comment"],
    )


def _state(row: sqlite3.Row) -> str:
    if row["by_teacher"]:
        return "Set by teacher"
    if row["grading_progress"] == "FullyGraded" and row["score_given"] is None:
        return "No score"
    return _STATES.get(row["grading_progress"]) or _ACTIVITIES[row["activity_progress"]]


def _points(text: str) -> float | None:
    text = text.strip().replace(",", ".")
    try:
        given = float(text) if text else None
    except ValueError as error:
        raise bad_request("A grade is a number.") from error
    if given is not None and not (math.isfinite(given) and 0 <= given <= 1e6):
        raise bad_request("A grade is a number from 0 up.")
    return given
