"""What every reader gives, and the fault every reader raises."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Section:
    """A heading inside a page: where it begins in the page's text, and its breadcrumb."""

    offset: int
    heading: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page, slide or section: `number` from 1, `label` as printed where it differs.

    `heading` is the breadcrumb in force where the page begins; `sections` begin further down.
    `is_contents`: a table of contents, which names what others say and answers nothing itself.
    """

    number: int
    text: str
    label: str | None = None
    heading: str | None = None
    sections: tuple[Section, ...] = ()
    is_contents: bool = False


@dataclass(slots=True)
class Source:
    """A file being read: facts about it, and its pages one after the other.

    `details` may still be filled in while the pages are read.
    """

    page_count: int | None
    pages: Iterator[Page]
    title: str | None = None
    details: dict[str, int] = field(default_factory=dict)


class Unreadable(Exception):
    """The file cannot be read; the message is a sentence for the teacher."""


class NotSearched(Unreadable):
    """The file is of a kind that is not read: it is kept as it is."""

    def __init__(self, sentence: str, media_type: str) -> None:
        super().__init__(sentence)
        self.media_type = media_type


PROTECTED = "The file is protected by a password. Save a copy without it and upload that."
DAMAGED = (
    "The file is damaged or was cut off on its way. Open it on your computer, save a new copy "
    "and upload that."
)
EMPTY = "The file is empty. Save it again on your computer and upload that."
NO_TEXT = "The file holds no text. Add the text, or upload the file that it was made from."
ONLY_PICTURES = (
    "The file's pages are pictures without text, so nothing in them can be found. Upload the file "
    "that they were made from, or a version made by text recognition (OCR)."
)
