"""Puts two columns in order where a PDF holds their lines side by side, as scanners write them.

Word processors and TeX write one column after the other; such pages are left as they are.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

FEWEST_LINES = 8
# Of a column's width: shorter lines are cells of a table, which is read row by row.
FULL = 0.6
MOST_ACROSS = 0.2


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float


def text_in_order(text_page: Any, width: float) -> str:
    """The page's text: above the columns, left, right, below."""
    boxes = [_Box(*text_page.get_rect(i)) for i in range(text_page.count_rects())]
    middle = _gutter(boxes, width)
    if middle is None:
        return str(text_page.get_text_bounded())
    columns = [box for box in boxes if box.right <= middle or box.left >= middle]
    top = max(box.top for box in columns) + 0.5
    bottom = min(box.bottom for box in columns) - 0.5
    parts = (
        text_page.get_text_bounded(bottom=top),
        text_page.get_text_bounded(bottom=bottom, right=middle, top=top),
        text_page.get_text_bounded(left=middle, bottom=bottom, top=top),
        text_page.get_text_bounded(top=bottom),
    )
    return "\n".join(part.strip() for part in parts if part.strip())


def _gutter(boxes: Sequence[_Box], width: float) -> float | None:
    """Where the space between two columns of prose is, if their lines alternate in the file."""
    if len(boxes) < 2 * FEWEST_LINES:
        return None
    middle = _widest_gap(boxes, width)
    if middle is None:
        return None
    left = [box for box in boxes if box.right <= middle]
    right = [box for box in boxes if box.left >= middle]
    if min(len(left), len(right)) < FEWEST_LINES or not (_is_prose(left) and _is_prose(right)):
        return None
    jumps = sum(
        before.right <= middle <= after.left and _is_beside(before, after)
        for before, after in pairwise(boxes)
    )
    columns = [*left, *right]
    across = [box for box in boxes if box.left < middle < box.right]
    low, high = min(box.bottom for box in columns), max(box.top for box in columns)
    is_clear = not any(low < box.bottom and box.top < high for box in across)
    return middle if is_clear and jumps >= 0.7 * min(len(left), len(right)) else None


def _widest_gap(boxes: Sequence[_Box], width: float) -> float | None:
    """The place near the middle that the fewest lines cross."""
    places = [width * share / 100 for share in range(40, 61)]
    crossing = [sum(box.left < place < box.right for box in boxes) for place in places]
    fewest = min(crossing)
    free = [place for place, count in zip(places, crossing, strict=True) if count == fewest]
    return free[len(free) // 2] if fewest <= MOST_ACROSS * len(boxes) else None


def _is_prose(column: Sequence[_Box]) -> bool:
    edges = min(box.left for box in column), max(box.right for box in column)
    return median(box.right - box.left for box in column) >= FULL * (edges[1] - edges[0])


def _is_beside(before: _Box, after: _Box) -> bool:
    return before.bottom < after.top and after.bottom < before.top
