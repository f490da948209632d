"""Turns a teacher's file into pages of text, or into a sentence that says why not.

The reading itself happens in `readers/`, inside the child process of `sandbox`.
"""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import DomainError
from app.materials.indexing import sandbox
from app.materials.readers import recognition
from app.materials.readers.child import TOO_BIG
from app.materials.readers.kinds import MARKDOWN, MEDIA_TYPES
from app.materials.readers.page import DAMAGED, ONLY_PICTURES, Page, Section

log = logging.getLogger("coursellm.materials")

DEFAULT_LIMITS = sandbox.Limits()
RECOGNISING = sandbox.Limits(
    wall=DEFAULT_LIMITS.wall + recognition.SECONDS, recognition=recognition.SECONDS
)
"""Pages that are pictures are read too, which takes long."""


class SourceUnreadable(DomainError):
    """The file cannot be read; `sentence` says why and what to do, in a teacher's words."""

    status = 422


class PicturesOnly(SourceUnreadable):
    """No page of the file has text. Recognition may find some."""


class NotSearched(SourceUnreadable):
    """The file is of a kind that is not read: it is kept, and `sentence` says what it is."""

    def __init__(self, sentence: str, media_type: str) -> None:
        super().__init__(sentence)
        self.media_type = media_type


@dataclass(frozen=True, slots=True)
class Extraction:
    """A file as read: `file_type` by content, `page_count` pages, slides or sections.

    `media_type` says what a file of type `other` is; `is_markdown`, that its text is Markdown.
    `without_text` are the numbers of pages on which nothing can be found; `details["pictures"]`,
    how many of these recognition has not looked at, `details["recognised_pages"]`, in how many it
    found text.
    """

    file_type: str
    page_count: int
    pages: list[Page]
    title: str | None = None
    without_text: list[int] = field(default_factory=list)
    details: dict[str, int] = field(default_factory=dict)
    media_type: str | None = None
    is_markdown: bool = False


def extract(path: Path, name: str, limits: sandbox.Limits = DEFAULT_LIMITS) -> Extraction:
    """Reads the file at `path`, which the teacher called `name`. Raises `SourceUnreadable`."""
    kind, pages = "", []
    try:
        for message in sandbox.read(path, name, limits):
            if message.get("fault") == ONLY_PICTURES:
                raise PicturesOnly(ONLY_PICTURES)
            if "fault" in message:
                raise SourceUnreadable(message["fault"])
            if "not_searched" in message:
                raise NotSearched(message["not_searched"], message["media_type"])
            if "kind" in message:
                kind = message["kind"]
            elif "page" in message:
                pages.append(_page(message["page"]))
            else:
                return _extraction(kind, pages, message["done"])
    except sandbox.ChildFailed as failure:
        log.warning("reading %s failed: %s", path.name, failure)
        raise SourceUnreadable(sentence_of(failure, limits)) from failure
    raise SourceUnreadable(DAMAGED)


def _page(message: dict[str, Any]) -> Page:
    sections = tuple(Section(**section) for section in message.pop("sections", ()))
    return Page(text=message.pop("text", ""), sections=sections, **message)


def _extraction(kind: str, pages: list[Page], done: dict[str, Any]) -> Extraction:
    return Extraction(
        "other" if kind in MEDIA_TYPES else kind,
        done["pages"],
        pages,
        done["title"],
        done["without_text"],
        done["details"],
        MEDIA_TYPES.get(kind),
        kind in MARKDOWN,
    )


def sentence_of(failure: sandbox.ChildFailed, limits: sandbox.Limits) -> str:
    """Why a child died, in a teacher's words."""
    if failure.timed_out:
        return (
            f"Reading the file took longer than {limits.cpu // 60} minutes. Split it into smaller "
            "files, or save a simpler copy, and upload that."
        )
    return TOO_BIG if failure.out_of_memory else DAMAGED
