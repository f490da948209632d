"""Submission review: from a cell of the gradebook to the student's work in the tool.

AGS 2.0 section 3.2.14 and 4.6; the message is LtiSubmissionReviewRequest, its `for_user` the
student.
"""

from __future__ import annotations

from dataclasses import dataclass

from demo_lms import line_items, persons
from demo_lms.errors import Refusal
from demo_lms.line_items import LineItem
from demo_lms.persons import Person
from demo_lms.platform import Platform


@dataclass(frozen=True)
class Review:
    """Whose work in which column."""

    item: LineItem
    student: Person


def get(platform: Platform, item_id: int, person_id: str) -> Review:
    """Raises Refusal (404) for no student, or a column whose tool shows no work."""
    item, student = line_items.get(platform.store, item_id), persons.find(person_id)
    if student is None or not student.is_student:
        raise Refusal(404, "not_found", "Only students have work to look at.")
    if item.review_url is None:
        raise Refusal(404, "not_found", "This column's tool did not say where work is shown.")
    return Review(item, student)


def keep(platform: Platform, hint: str, review: Review) -> None:
    """Remember what the launch of this hint is for."""
    with platform.store.write() as db:
        db.execute("DELETE FROM reviews WHERE hint NOT IN (SELECT hint FROM launches)")
        db.execute(
            "INSERT INTO reviews VALUES (?, ?, ?)", (hint, review.item.id, review.student.id)
        )


def of_hint(platform: Platform, hint: str) -> Review | None:
    row = platform.store.row("SELECT * FROM reviews WHERE hint = ?", hint)
    return get(platform, row["line_item_id"], row["person_id"]) if row else None
