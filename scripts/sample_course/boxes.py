"""The reader's boxes: listings with what they print, and how tables share the room."""

import html
from typing import Any

from markdown_it.token import Token
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Table, XPreformatted

from scripts.sample_course import style

WHOLE = ("NOSPLIT", (0, 0), (-1, -1))
"""Table command: a page's end does not part it."""


def listing(code: Token, output: Token | None = None) -> Flowable:
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
            WHOLE,
            *padding(style.CODE_PADDING, 5.5),
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


def column_widths(table: list[list[Token]]) -> list[float]:
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


def padding(sides: float, ends: float) -> list[tuple[Any, ...]]:
    """Table commands for the room round each cell's text."""
    area = ((0, 0), (-1, -1))
    return [
        ("LEFTPADDING", *area, sides),
        ("RIGHTPADDING", *area, sides),
        ("TOPPADDING", *area, ends),
        ("BOTTOMPADDING", *area, ends + 1),
    ]
