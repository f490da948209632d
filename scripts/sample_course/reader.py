"""Sets the reader: from Markdown to the flow of a book."""

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    PageBreak,
    Paragraph,
    Spacer,
    Table,
)

from scripts.sample_course import figure, style
from scripts.sample_course.book import Book, Rule, front
from scripts.sample_course.boxes import WHOLE, column_widths, listing, padding
from scripts.sample_course.source import Source, markup, read, rows, until


def make(source: Path, target: Path) -> int:
    """Set the reader into `target`; the number of its pages."""
    style.register_fonts()
    content = read(source)
    # The first pass learns the pages of the headings, the second one prints them.
    pages: dict[str, int] = {}
    for _ in range(2):
        book = Book(target, content.facts)
        book.build([*front(content, pages), *_Setter(content, pages).flowables()])
        pages = book.heading_pages
    return int(book.page)


class _Setter:
    """Turns tokens into what the layout takes."""

    def __init__(self, content: Source, pages: dict[str, int]) -> None:
        self.tokens, self.pages = content.tokens, pages
        self.chapter = self.section = self.figures = 0

    def flowables(self) -> Iterator[Flowable]:
        """The book after its title page."""
        place = 0
        while place < len(self.tokens):
            token = self.tokens[place]
            end = place
            if token.nesting == 1:
                end = until(self.tokens, place, token.type.replace("_open", "_close"))
            elif token.type == "fence" and self._is_output(place + 1):
                end = place + 1
            yield from self._block(token, self.tokens[place + 1 : end + (token.nesting == 0)])
            place = end + 1

    def _is_output(self, place: int) -> bool:
        after = self.tokens[place] if place < len(self.tokens) else None
        return after is not None and after.type == "fence" and after.info == "text"

    def _block(self, token: Token, inner: list[Token]) -> Iterator[Flowable]:
        if token.type == "heading_open":
            yield from self._heading(token.tag, inner[0])
        elif token.type == "paragraph_open":
            text = self._paragraph(inner[0], style.BODY)
            text.keepWithNext = int(inner[0].content.endswith(":"))
            yield text
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield from self._list(inner, token.type == "ordered_list_open")
        elif token.type == "table_open":
            yield self._table(inner)
        elif token.type == "blockquote_open":
            yield self._note(inner)
        elif token.type == "fence":
            yield self._figure(token.content) if token.info == "figure" else listing(token, *inner)

    def _paragraph(self, inline: Token, look: Any, **given: Any) -> Paragraph:
        text = markup(inline, style.inline_code(look.fontSize))
        for title, page in self.pages.items():
            text = text.replace(f"{{{title}}}", str(page))
        return Paragraph(text, look, **given)

    def _heading(self, tag: str, inline: Token) -> Iterator[Flowable]:
        title = html.escape(inline.content)
        if tag == "h1":
            self.chapter, self.section = self.chapter + 1, 0
            yield PageBreak()
            yield Rule()
            yield Paragraph(f"Chapter {self.chapter}", style.CHAPTER_NUMBER)
            heading = Paragraph(title, style.CHAPTER)
        else:
            self.section += 1
            yield CondPageBreak(90)
            number = f'<font color="#0e5964">{self.chapter}.{self.section}</font>'
            heading = Paragraph(f"{number}&nbsp; {title}", style.SECTION)
            heading.keepWithNext = 1
        heading.outline_level, heading.outline_title = int(tag == "h2"), inline.content
        yield heading

    def _list(self, inner: list[Token], numbered: bool) -> Iterator[Flowable]:
        texts = [token for token in inner if token.type == "inline"]
        for number, inline in enumerate(texts, start=1):
            bullet = f"{number}." if numbered else "•"
            yield self._paragraph(inline, style.ITEM, bulletText=bullet)
        yield Spacer(1, 4)

    def _note(self, inner: list[Token]) -> Flowable:
        text = [self._paragraph(t, style.NOTE) for t in inner if t.type == "inline"]
        box = Table([[text]], colWidths=[style.WIDTH], spaceBefore=8, spaceAfter=8)
        box.setStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), style.TINT),
                ("LINEBEFORE", (0, 0), (0, -1), 3, style.ACCENT),
                *padding(12, 8),
            ]
        )
        return box

    def _table(self, inner: list[Token]) -> Flowable:
        head, *body = rows(inner)
        cells = [[self._paragraph(cell, style.HEAD) for cell in head]]
        cells += [[self._paragraph(cell, style.CELL) for cell in row] for row in body]
        widths = column_widths([head, *body])
        table = Table(cells, colWidths=widths, spaceBefore=3, spaceAfter=12)
        table.setStyle(
            [
                WHOLE,
                ("LINEBELOW", (0, 0), (-1, 0), 1, style.INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.5, style.LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                *padding(0, 3.5),
                ("RIGHTPADDING", (0, 0), (-2, -1), 10),
            ]
        )
        return table

    def _figure(self, source: str) -> Flowable:
        caption, drawing = figure.parse(source)
        self.figures += 1
        inline = MarkdownIt("commonmark").parse(f"**Figure {self.figures}.** {caption}")[1]
        text = self._paragraph(inline, style.CAPTION)
        return KeepTogether([drawing, text, Spacer(1, 8)])
