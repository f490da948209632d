"""Resource links placed in the course: what a teacher sees on the course page.

LTI core 1.3 section 3.2 (resource link), 5.3.5 (its id is stable and unique in the deployment).
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import dataclass, field

from demo_lms.errors import Refusal, bad_request
from demo_lms.store import Store

FIRST_LINK = "course-tutor"
TITLE_LENGTH = 255
_LINKS = (
    "SELECT links.*, opens_at, due_at, closes_at, coalesce(course_id, '') AS course FROM links"
    " LEFT JOIN link_dates ON link_dates.link_id = id"
    " LEFT JOIN links_of_copies ON links_of_copies.link_id = id"
)


@dataclass(frozen=True)
class Link:
    """`url` None: the tool's own launch address. `target` is iframe or window.

    Dates are ISO 8601 with a zone. `course`: the key of the copy it stands in, if it does.
    """

    id: str
    title: str
    description: str = ""
    url: str | None = None
    custom: dict[str, str] = field(default_factory=dict)
    target: str = "iframe"
    opens_at: str | None = None
    due_at: str | None = None
    closes_at: str | None = None
    course: str = ""


def place_first_link(store: Store) -> None:
    """The link that every new demo course starts with; once deleted it does not come back."""
    if store.note("first_link_placed", False):
        return
    with store.write() as db:
        placed = db.execute("INSERT OR IGNORE INTO notes VALUES ('first_link_placed', 'true')")
        if placed.rowcount:
            text = "Ask about the course materials, see where the answer stands."
            insert(db, Link(FIRST_LINK, "Course tutor", text))


def insert(db: sqlite3.Connection, link: Link) -> None:
    """Append to the page of its course."""
    db.execute(
        "INSERT INTO links SELECT ?, coalesce(max(position), 0) + 1, ?, ?, ?, ?, ? FROM links",
        (link.id, link.title, link.description, link.url, json.dumps(link.custom), link.target),
    )
    if link.course:
        db.execute("INSERT INTO links_of_copies VALUES (?, ?)", (link.id, link.course))
    _keep_dates(db, link)


def change(db: sqlite3.Connection, link: Link) -> None:
    """All of it but its id, its place and its course."""
    db.execute(
        "UPDATE links SET title = ?, description = ?, url = ?, custom = ?, target = ? WHERE id = ?",
        (link.title, link.description, link.url, json.dumps(link.custom), link.target, link.id),
    )
    _keep_dates(db, link)


def _keep_dates(db: sqlite3.Connection, link: Link) -> None:
    db.execute(
        "INSERT OR REPLACE INTO link_dates VALUES (?, ?, ?, ?)",
        (link.id, link.opens_at, link.due_at, link.closes_at),
    )


def place(store: Store, link: Link) -> Link:
    with store.write() as db:
        insert(db, link)
    return link


def new_id() -> str:
    return str(uuid.uuid4())


def listed(store: Store) -> list[Link]:
    """Those of the store's course."""
    rows = store.rows(f"{_LINKS} WHERE course = ? ORDER BY position", store.course)
    return [_link(row) for row in rows]


def find(store: Store, link_id: str) -> Link | None:
    """In whatever course."""
    row = store.row(f"{_LINKS} WHERE id = ?", link_id)
    return _link(row) if row else None


def get(store: Store, link_id: str) -> Link:
    """Raises Refusal (404)."""
    link = find(store, link_id)
    if link is None:
        raise Refusal(404, "not_found", "This link is not in the course (any more).")
    return link


def rename(store: Store, link_id: str, title: str) -> None:
    """Raises Refusal when the title is empty or too long, or the link is gone."""
    get(store, link_id)
    title = " ".join(title.split())
    if not 0 < len(title) <= TITLE_LENGTH:
        raise bad_request(f"A title has 1 to {TITLE_LENGTH} characters.")
    with store.write() as db:
        db.execute("UPDATE links SET title = ? WHERE id = ?", (title, link_id))


def delete(store: Store, link_id: str) -> None:
    """With its line items and their grades, as Moodle does it. Raises Refusal (404)."""
    get(store, link_id)
    with store.write() as db:
        db.execute("DELETE FROM links WHERE id = ?", (link_id,))


def _link(row: sqlite3.Row) -> Link:
    return Link(
        row["id"],
        row["title"],
        row["description"],
        row["url"],
        json.loads(row["custom"]),
        row["target"],
        row["opens_at"],
        row["due_at"],
        row["closes_at"],
        row["course"],
    )
