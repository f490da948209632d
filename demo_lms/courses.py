"""Courses: the one that is built in, and copies of it as an LMS makes them.

A copy has a context of its own, links of its own with the custom values that they had, and columns
of its own that keep the old resource ids; it brings no people's work along. Its
$Context.id.history (LTI core 1.3 appendix B.3) names the courses that it descends from.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from demo_lms import line_items, links
from demo_lms.platform import Platform


@dataclass(frozen=True)
class Course:
    """`key` is "" for the one that is built in, else its context id."""

    key: str
    context_id: str
    title: str
    history: str = ""


def listed(platform: Platform) -> list[Course]:
    """The first course, then its copies in the order they were made."""
    settings = platform.home
    first = Course("", settings.context_id, settings.context_title)
    rows = platform.store.rows("SELECT * FROM courses ORDER BY rowid")
    return [first, *(Course(r["id"], r["id"], r["title"], r["history"]) for r in rows)]


def at(platform: Platform, key_or_context: str) -> Platform:
    """The platform as it is in this course; in the first one for an id that is none."""
    for course in listed(platform):
        if course.key and course.key == key_or_context:
            settings = replace(
                platform.home,
                context_id=course.context_id,
                context_title=course.title,
                context_history=course.history,
            )
            return replace(
                platform,
                settings=settings,
                store=platform.store.of(course.key),
                first=platform.home,
            )
    return replace(platform, settings=platform.home, store=platform.store.of(""), first=None)


def copy(platform: Platform) -> Course:
    """Copy the course that the platform is in."""
    here = platform.settings
    history = ",".join(filter(None, (here.context_id, here.context_history)))
    number = len(listed(platform))
    key = f"{platform.home.context_id}-copy-{secrets.token_hex(4)}"
    course = Course(key, key, f"{platform.home.context_title} (copy {number})", history)
    placed = links.listed(platform.store)
    columns = line_items.listed(platform.store)
    with platform.store.write() as db:
        db.execute(
            "INSERT INTO courses VALUES (?, ?, ?)", (course.key, course.title, course.history)
        )
        for link in placed:
            new = replace(
                link, id=links.new_id(), course=key, opens_at=None, due_at=None, closes_at=None
            )
            links.insert(db, new)
            for item in columns:
                if item.link_id == link.id:
                    line_items.insert(db, replace(item, id=None, link_id=new.id, course=key))
    return course
