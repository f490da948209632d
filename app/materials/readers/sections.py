"""Makes pages of text that has none: a section under a heading, or a stretch of text, is a page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from .cleaning import breadcrumb, one_line
from .page import Page

LONGEST = 4_000
DEEPEST_HEADING = 3


class Block(NamedTuple):
    """A paragraph, table or heading: `level` 1 is the outermost heading, 0 none.

    `title` is a heading's text without its markup, where that differs.
    """

    text: str
    level: int = 0
    title: str | None = None


@dataclass
class _Section:
    """The section being filled; `heading_only` while nothing but headings stands in it."""

    number: int = 1
    texts: list[str] = field(default_factory=list)
    size: int = 0
    heading: str | None = None
    heading_only: bool = True

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.size += len(text)

    def finished(self) -> Page:
        page = Page(self.number, "\n\n".join(self.texts), heading=self.heading)
        self.number, self.texts, self.size, self.heading_only = self.number + 1, [], 0, True
        return page


def pages_of(blocks: Iterable[Block]) -> Iterator[Page]:
    """Sections in order, numbered from 1; one longer than `LONGEST` characters goes on in the next.

    A heading with nothing under it but another heading stays with that one.
    """
    trail: list[tuple[int, str]] = []
    section = _Section()
    for block in blocks:
        if block.level:
            if not section.heading_only:
                yield section.finished()
            trail = [(level, title) for level, title in trail if level < block.level]
            trail.append((block.level, one_line(block.title or block.text) or ""))
            section.heading = breadcrumb([title for _, title in trail[:DEEPEST_HEADING]])
            section.add(block.text)
            continue
        for part in _pieces(block.text):
            if not section.heading_only and section.size + len(part) > LONGEST:
                yield section.finished()
            section.add(part)
            section.heading_only = False
    if section.texts:
        yield section.finished()


def _pieces(text: str) -> Iterator[str]:
    """A block longer than a section, cut at a line's or a word's end where there is one."""
    while len(text) > LONGEST:
        cut = text.rfind("\n", LONGEST // 2, LONGEST)
        if cut < 0:
            cut = text.rfind(" ", LONGEST // 2, LONGEST)
        cut = cut if cut > 0 else LONGEST
        yield text[:cut].rstrip()
        text = text[cut:].lstrip("\n ")
    if text:
        yield text
