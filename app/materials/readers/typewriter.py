"""Finds a PDF page's lines of code, set in letters of one width, and how far each is indented.

PDFium gives a line's text without the space before it; where its letters stand tells that space.
"""

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from pypdfium2 import raw

# Letters that are measured, at a line's beginning; fewer than the least tell nothing alone.
LOOKED_AT = 8
LEAST = 4
SAME_WIDTH = 0.03
DEEPEST = 40


class CodeLine(NamedTuple):
    """A line's text as PDFium gives it, without space around it, and the spaces before it."""

    text: str
    indent: int


class _Line(NamedTuple):
    text: str
    left: float
    width: float


def code_lines(text_page: Any) -> list[CodeLine]:
    """The page's lines of code, in order; none where every line is of one width (a typescript)."""
    text = text_page.get_text_range()
    if len(text) != text_page.count_chars() or (text and max(text) > "\uffff"):
        # Letters and their places do not go together one by one.
        return []
    found: list[CodeLine] = []
    block: list[_Line] = []
    has_prose = False
    for start, line in _lines(text):
        measured = _measured(text_page, start, line, block[-1].width if block else 0.0)
        if measured is None or (block and not _same_block(block[0], measured)):
            has_prose = has_prose or measured is None
            found += _indented(block)
            block = []
        if measured is not None:
            block.append(measured)
    found += _indented(block)
    return found if has_prose else []


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare:
            yield start + line.index(bare), bare
        start += len(line) + 1


def _measured(text_page: Any, start: int, line: str, expected: float) -> _Line | None:
    """The line, if its letters are of one width; `expected` is that of the line before."""
    places = [_origin(text_page, start + i) for i in range(min(len(line), LOOKED_AT))]
    steps = [after - before for before, after in pairwise(places)]
    width = (places[-1] - places[0]) / len(steps) if steps else expected
    if len(places) < LEAST:
        # Too short to tell: code if the line before is, and its letters are as wide.
        width = expected
    if width <= 0 or any(abs(step - width) > SAME_WIDTH * width for step in steps):
        return None
    return _Line(line, places[0], width)


def _origin(text_page: Any, index: int) -> float:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(text_page, index, ctypes.byref(x), ctypes.byref(y))
    return x.value


def _same_block(first: _Line, line: _Line) -> bool:
    is_near = abs(line.left - first.left) <= DEEPEST * line.width
    return is_near and abs(first.width - line.width) <= SAME_WIDTH * first.width


def _indented(block: list[_Line]) -> list[CodeLine]:
    left = min((line.left for line in block), default=0.0)
    return [CodeLine(line.text, round((line.left - left) / line.width)) for line in block]
