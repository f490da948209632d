"""Line items, the columns of the gradebook: rows, addresses and their JSON.

AGS 2.0 section 3.1 (endpoint claim), 3.2 (line item service). The addresses carry a query, as
Moodle's do, so a tool has to put `/scores` and `/results` before it (3.4.1).
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo_lms import links
from demo_lms import vocabulary as lti
from demo_lms.checks import json_object, optional_text, optional_time, positive_number, some_text
from demo_lms.errors import Refusal, bad_request
from demo_lms.platform import Platform
from demo_lms.settings import Settings
from demo_lms.store import Store

TYPE_ID = "1"
_ITEMS = (
    "SELECT line_items.*, url AS review_url, coalesce(course_id, '') AS course FROM line_items"
    " LEFT JOIN submission_reviews ON submission_reviews.line_item_id = id"
    " LEFT JOIN items_of_copies ON items_of_copies.line_item_id = id"
)


@dataclass(frozen=True)
class LineItem:
    """`id` None: not stored yet. Scores are rescaled to `score_maximum`."""

    id: int | None
    link_id: str | None
    label: str
    score_maximum: float
    resource_id: str | None = None
    tag: str | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    review_url: str | None = None
    """Where the tool shows a student's work (submissionReview)."""
    course: str = ""


def container_url(settings: Settings) -> str:
    return f"{settings.issuer}/api/courses/{settings.context_id}/lineitems?type_id={TYPE_ID}"


def item_url(settings: Settings, item_id: int | None, suffix: str = "") -> str:
    base = f"{settings.issuer}/api/courses/{settings.context_id}/lineitems"
    return f"{base}/{item_id}/lineitem{suffix}?type_id={TYPE_ID}"


def endpoint_claim(platform: Platform, link_id: str | None) -> dict[str, Any]:
    """The AGS claim; `lineitem` only if the link has exactly one (AGS 2.0 section 3.1)."""
    claim: dict[str, Any] = {
        "scope": [one for one in lti.AGS_SCOPES if one in platform.settings.tool_scopes],
        "lineitems": container_url(platform.settings),
    }
    own = [item for item in listed(platform.store) if link_id and item.link_id == link_id]
    if len(own) == 1:
        claim["lineitem"] = item_url(platform.settings, own[0].id)
    return claim


def listed(store: Store) -> list[LineItem]:
    """The columns of the store's course."""
    rows = store.rows(f"{_ITEMS} WHERE course = ? ORDER BY id", store.course)
    return [_item(row) for row in rows]


def get(store: Store, item_id: int) -> LineItem:
    """Raises Refusal (404)."""
    row = store.row(f"{_ITEMS} WHERE id = ? AND course = ?", item_id, store.course)
    if row is None:
        raise Refusal(404, "not_found", "There is no such line item.")
    return _item(row)


def matching(store: Store, wanted: Mapping[str, str]) -> list[LineItem]:
    """Filtered by resource_link_id, resource_id and tag (AGS 2.0 section 3.2.4)."""
    columns = {"resource_link_id": "link_id", "resource_id": "resource_id", "tag": "tag"}
    return [
        item
        for item in listed(store)
        if all(getattr(item, columns[k]) == wanted[k] for k in columns if wanted.get(k))
    ]


def create(store: Store, body: object) -> LineItem:
    """AGS 2.0 section 3.2.5. Raises Refusal (400; 404 for an unknown resource link)."""
    item = dataclasses.replace(read(body), course=store.course)
    link = links.find(store, item.link_id) if item.link_id is not None else None
    if item.link_id is not None and (link is None or link.course != store.course):
        raise Refusal(404, "not_found", "resourceLinkId is no link of this course.")
    with store.write() as db:
        return insert(db, item)


def replace(store: Store, item_id: int, body: object) -> LineItem:
    """AGS 2.0 section 3.2.6: the whole item is replaced, its resource link stays."""
    old, new = get(store, item_id), read(body)
    if new.link_id not in (None, old.link_id):
        raise bad_request("resourceLinkId cannot be changed.")
    with store.write() as db:
        db.execute(
            "UPDATE line_items SET label = ?, score_maximum = ?, resource_id = ?, tag = ?,"
            " starts_at = ?, ends_at = ? WHERE id = ?",
            (*_columns(new), item_id),
        )
        db.execute("DELETE FROM submission_reviews WHERE line_item_id = ?", (item_id,))
        _keep_review(db, item_id, new)
    return get(store, item_id)


def delete(store: Store, item_id: int) -> None:
    """With its grades. Raises Refusal (404)."""
    get(store, item_id)
    with store.write() as db:
        db.execute("DELETE FROM line_items WHERE id = ?", (item_id,))


def insert(db: sqlite3.Connection, item: LineItem) -> LineItem:
    row = db.execute(
        "INSERT INTO line_items (label, score_maximum, resource_id, tag, starts_at, ends_at,"
        " link_id) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (*_columns(item), item.link_id),
    ).fetchone()
    _keep_review(db, row["id"], item)
    if item.course:
        db.execute("INSERT INTO items_of_copies VALUES (?, ?)", (row["id"], item.course))
    return dataclasses.replace(item, id=row["id"])


def change_or_insert(db: sqlite3.Connection, item: LineItem) -> None:
    """The link's own column, if it has one, with its grades; else a new one."""
    row = db.execute("SELECT id FROM line_items WHERE link_id = ?", (item.link_id,)).fetchone()
    if row is None:
        insert(db, item)
        return
    db.execute(
        "UPDATE line_items SET label = ?, score_maximum = ?, resource_id = ?, tag = ?,"
        " starts_at = ?, ends_at = ? WHERE id = ?",
        (*_columns(item), row["id"]),
    )
    db.execute("DELETE FROM submission_reviews WHERE line_item_id = ?", (row["id"],))
    _keep_review(db, row["id"], item)


def read(body: object) -> LineItem:
    """A line item from its JSON, in AGS and in deep linking. Raises Refusal (400)."""
    fields = json_object(body, "The line item")
    return LineItem(
        id=None,
        link_id=optional_text(fields, "resourceLinkId"),
        label=some_text(fields, "label"),
        score_maximum=positive_number(fields, "scoreMaximum"),
        resource_id=optional_text(fields, "resourceId"),
        tag=optional_text(fields, "tag"),
        starts_at=optional_time(fields, "startDateTime"),
        ends_at=optional_time(fields, "endDateTime"),
        review_url=_review_url(fields),
    )


def as_json(settings: Settings, item: LineItem) -> dict[str, Any]:
    """AGS 2.0 section 3.2.2; what is not set is left out."""
    fields = {
        "id": item_url(settings, item.id),
        "label": item.label,
        "scoreMaximum": plain(item.score_maximum),
        "resourceId": item.resource_id,
        "tag": item.tag,
        "resourceLinkId": item.link_id,
        "startDateTime": item.starts_at,
        "endDateTime": item.ends_at,
        "submissionReview": {"url": item.review_url} if item.review_url else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def plain(number: float) -> float | int:
    """Whole numbers without `.0`, others with at most five places, as Moodle keeps them."""
    rounded = round(number, 5)
    return int(rounded) if rounded == int(rounded) else rounded


def _review_url(fields: Mapping[str, Any]) -> str | None:
    """AGS 2.0 section 3.2.14; without an address of its own it is the tool's usual one."""
    if fields.get("submissionReview") is None:
        return None
    review = json_object(fields["submissionReview"], "submissionReview")
    return optional_text(review, "url", 2000)


def _keep_review(db: sqlite3.Connection, item_id: int, item: LineItem) -> None:
    if item.review_url is not None:
        db.execute("INSERT INTO submission_reviews VALUES (?, ?)", (item_id, item.review_url))


def _columns(item: LineItem) -> tuple[object, ...]:
    return (
        item.label,
        item.score_maximum,
        item.resource_id,
        item.tag,
        item.starts_at,
        item.ends_at,
    )


def _item(row: sqlite3.Row) -> LineItem:
    return LineItem(**{name: row[name] for name in row.keys()})  # noqa: SIM118 - Row is no dict
