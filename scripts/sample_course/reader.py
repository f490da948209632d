"""Sets the reader: Markdown tokens to a book's pages, with contents, outline and running heads."""

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    XPreformatted,
)

from scripts.sample_course import figure, style
from scripts.sample_course.source import Source, markup, read, rows, until

_WHOLE = ("NOSPLIT", (0, 0), (-1, -1))
LICENCE = (
    "Written for CourseLLM. This reader may be used, changed and passed on under the terms of "
    "Creative Commons Attribution 4.0 (CC BY 4.0)."
)


def make(source: Path, target: Path) -> int:
    """Set the reader into `target`; the number of its pages."""
    style.register_fonts()
    content = read(source)
    # The first pass learns the pages of the headings, the second one prints them.
    pages: dict[str, int] = {}
    for _ in range(2):
        book = _Book(target, content.facts)
        book.build([*_front(content, pages), *_Setter(content, pages).flowables()])
        pages = book.heading_pages
    return int(book.page)


class _Book(BaseDocTemplate):  # type: ignore[misc]  # the package has no types
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


class _Rule(Flowable):  # type: ignore[misc]
    """The heavy line above a chapter."""

    def __init__(self) -> None:
        super().__init__()
        self.width, self.height = style.WIDTH, 12

    def draw(self) -> None:
        self.canv.setStrokeColor(style.INK)
        self.canv.setLineWidth(2)
        self.canv.line(0, 11, style.WIDTH, 11)


def _front(content: Source, pages: dict[str, int]) -> Iterator[Flowable]:
    """The title page with the contents."""
    title, _, subtitle = content.facts["title"].partition(": ")
    yield Spacer(1, 60)
    yield _Rule()
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
            yield self._figure(token.content) if token.info == "figure" else _listing(token, *inner)

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
            yield _Rule()
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
                *_padding(12, 8),
            ]
        )
        return box

    def _table(self, inner: list[Token]) -> Flowable:
        head, *body = rows(inner)
        cells = [[self._paragraph(cell, style.HEAD) for cell in head]]
        cells += [[self._paragraph(cell, style.CELL) for cell in row] for row in body]
        widths = _column_widths([head, *body])
        table = Table(cells, colWidths=widths, spaceBefore=3, spaceAfter=12)
        table.setStyle(
            [
                _WHOLE,
                ("LINEBELOW", (0, 0), (-1, 0), 1, style.INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.5, style.LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                *_padding(0, 3.5),
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


def _listing(code: Token, output: Token | None = None) -> Flowable:
    """Code, and in the same box what it prints."""
    parts = [code, output] if output else [code]
    box = Table(
        [[_lines(part)] for part in parts],
        colWidths=[style.WIDTH],
        spaceBefore=3,
        spaceAfter=10,
    )
    box.setStyle(
        [
            ("BACKGROUND", (0, 0), (0, 0), style.WASH),
            ("BOX", (0, 0), (-1, -1), 0.6, style.LINE if output else style.WASH),
            _WHOLE,
            *_padding(style.CODE_PADDING, 5.5),
        ]
    )
    return box


def _lines(part: Token) -> XPreformatted:
    lines = part.content.rstrip("\n").split("\n")
    return XPreformatted("\n".join(_coloured(line, part.info) for line in lines), _code_style())


def _code_style() -> Any:
    return style.BODY.clone(
        "code",
        fontName=style.MONO,
        fontSize=style.CODE_SIZE,
        leading=style.CODE_LEADING,
        spaceAfter=0,
    )


def _coloured(line: str, kind: str) -> str:
    """A line of code as markup: prompts and what Python answers stand back."""
    text = html.escape(line, quote=False)
    soft = '<font color="#536064">{}</font>'
    if kind == "pycon":
        if line.startswith((">>>", "... ")):
            return soft.format(html.escape(line[:4])) + html.escape(line[4:], quote=False)
        return soft.format(text)
    return text


def _column_widths(table: list[list[Token]]) -> list[float]:
    """Columns as wide as their text; if there is no room, the widest ones share what is left."""
    natural = [max(_width(cell) for cell in column) + 12 for column in zip(*table, strict=True)]
    if sum(natural) <= style.WIDTH:
        return [*natural[:-1], style.WIDTH - sum(natural[:-1])]
    fair = style.WIDTH / len(natural)
    room = style.WIDTH - sum(width for width in natural if width <= fair)
    wide = sum(width for width in natural if width > fair)
    return [width if width <= fair else room * width / wide for width in natural]


def _width(cell: Token) -> float:
    width = 0.0
    for token in cell.children or []:
        font, size = (style.MONO, 8.3) if token.type == "code_inline" else ("Serif-Bold", 9.2)
        width += stringWidth(token.content, font, size)
    return width


def _padding(sides: float, ends: float) -> list[tuple[Any, ...]]:
    area = ((0, 0), (-1, -1))
    return [
        ("LEFTPADDING", *area, sides),
        ("RIGHTPADDING", *area, sides),
        ("TOPPADDING", *area, ends),
        ("BOTTOMPADDING", *area, ends + 1),
    ]
