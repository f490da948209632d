"""The reader as a book: its pages with running heads, its outline and its title page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from scripts.sample_course import style
from scripts.sample_course.source import Source

LICENCE = (
    "Written for CourseLLM. This reader may be used, changed and passed on under the terms of "
    "Creative Commons Attribution 4.0 (CC BY 4.0)."
)


class Book(BaseDocTemplate):  # type: ignore[misc]  # the package has no types
    """Pages with running heads, and an outline of the headings."""

    def __init__(self, target: Path, facts: dict[str, str]) -> None:
        super().__init__(
            str(target),
            pagesize=style.PAGE,
            title=facts["title"],
            author=facts["author"],
            subject=facts["subject"],
            keywords=facts["keywords"],
            creator="CourseLLM",
            lang="en",
            invariant=1,
            pageCompression=1,
        )
        frame = Frame(
            style.LEFT,
            style.BOTTOM,
            style.WIDTH,
            style.PAGE[1] - style.TOP - style.BOTTOM,
            *(0, 0, 0, 0),
        )
        # The furniture is drawn last, so that a reader of the text meets the page's words first.
        self.addPageTemplates(PageTemplate(frames=[frame], onPageEnd=self._furniture))
        self.heading_pages: dict[str, int] = {}
        self.chapter = ""
        self.openings = {1}

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - the library's name
        """Note where a heading landed."""
        level = getattr(flowable, "outline_level", None)
        if level is None:
            return
        title = flowable.outline_title
        self.heading_pages.setdefault(title, self.page)
        self.canv.bookmarkPage(f"p{self.page}-{title}")
        self.canv.addOutlineEntry(title, f"p{self.page}-{title}", level, closed=level == 0)
        if level == 0:
            self.chapter = title
            self.openings.add(self.page)

    def _furniture(self, pen: Any, document: Any) -> None:
        if self.page == 1:
            return
        pen.saveState()
        top, bottom = style.PAGE[1] - 14 * mm, 11 * mm
        pen.setFillColor(style.SOFT)
        if self.page not in self.openings:
            pen.setFont(style.SANS, 8.4)
            pen.drawString(style.LEFT, top, f"Python basics: {self.chapter}")
            pen.setStrokeColor(style.LINE)
            pen.setLineWidth(0.6)
            pen.line(style.LEFT, top - 5, style.PAGE[0] - style.RIGHT, top - 5)
        pen.setFont("Sans-Bold", 9)
        pen.drawRightString(style.PAGE[0] - style.RIGHT, bottom, str(self.page))
        pen.restoreState()


class Rule(Flowable):  # type: ignore[misc]
    """The heavy line above a chapter."""

    def __init__(self) -> None:
        super().__init__()
        self.width, self.height = style.WIDTH, 12

    def draw(self) -> None:
        self.canv.setStrokeColor(style.INK)
        self.canv.setLineWidth(2)
        self.canv.line(0, 11, style.WIDTH, 11)


def front(content: Source, pages: dict[str, int]) -> Iterator[Flowable]:
    """The title page with the contents."""
    title, _, subtitle = content.facts["title"].partition(": ")
    yield Spacer(1, 60)
    yield Rule()
    yield Spacer(1, 10)
    yield Paragraph(title, style.TITLE)
    yield Paragraph(
        f"{subtitle[0].upper()}{subtitle[1:]}<br/>{content.facts['subject']}", style.SUBTITLE
    )
    lines = []
    chapter = 0
    for token, inline in zip(content.tokens, content.tokens[1:], strict=False):
        if token.type == "heading_open" and token.tag == "h1":
            chapter += 1
            lines.append((f"{chapter}", inline.content, str(pages.get(inline.content, ""))))
    yield _contents(lines)
    yield Spacer(1, 40)
    yield Paragraph(LICENCE, style.SMALL)


def _contents(lines: list[tuple[str, str, str]]) -> Table:
    cells = [
        [
            Paragraph(number, style.CONTENTS_SECTION),
            Paragraph(title, style.CONTENTS_CHAPTER),
            Paragraph(f'<para align="right">{page}</para>', style.CONTENTS_CHAPTER),
        ]
        for number, title, page in lines
    ]
    table = Table(cells, colWidths=[18, style.WIDTH - 60, 42])
    table.setStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.6, style.LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ]
    )
    return table
