"""Draws names with arrows to the lists that they refer to.

Source: the caption on the first line, then `name -> list` and `list = item item …` in order.
"""

import re

from reportlab.platypus import Flowable

from scripts.sample_course import style

CELL_WIDTH, CELL_HEIGHT = 26, 20
ROW = 28
NAME_RIGHT, LIST_LEFT = 96, 172


class References(Flowable):  # type: ignore[misc]  # the package has no types
    """The figure of some names and lists."""

    def __init__(self, arrows: list[tuple[str, str]], lists: dict[str, list[str]]) -> None:
        super().__init__()
        self.arrows, self.lists = arrows, lists
        self.width = style.WIDTH
        # A list stands at the middle of the names that refer to it, and never on another list.
        self.rows = {
            name: sum(i for i, (_, to) in enumerate(arrows) if to == name)
            / max(sum(to == name for _, to in arrows), 1)
            for name in lists
        }
        self.height = ROW * len(arrows)

    def draw(self) -> None:
        """Called by the layout, with the figure's lower left corner as origin."""
        for row, (name, target) in enumerate(self.arrows):
            self._name(name, self._y(row))
            self._arrow(self._y(row), self._y(self.rows[target]))
        for name, items in self.lists.items():
            self._list(items, self._y(self.rows[name]))

    def _y(self, row: float) -> float:
        return self.height - ROW * (row + 0.5)

    def _name(self, name: str, y: float) -> None:
        pen = self.canv
        pen.setFillColor(style.INK)
        pen.setFont(style.MONO, 10)
        pen.drawRightString(NAME_RIGHT, y - 3.2, name)

    def _arrow(self, start: float, end: float) -> None:
        pen = self.canv
        pen.setStrokeColor(style.ACCENT)
        pen.setFillColor(style.ACCENT)
        pen.setLineWidth(1.2)
        begin, tip = NAME_RIGHT + 8, LIST_LEFT - 3
        path = pen.beginPath()
        path.moveTo(begin, start)
        path.curveTo(begin + 30, start, tip - 36, end, tip - 5, end)
        pen.drawPath(path, stroke=1, fill=0)
        head = pen.beginPath()
        head.moveTo(tip, end)
        head.lineTo(tip - 7, end + 3.2)
        head.lineTo(tip - 7, end - 3.2)
        head.close()
        pen.drawPath(head, stroke=0, fill=1)

    def _list(self, items: list[str], y: float) -> None:
        pen = self.canv
        pen.setLineWidth(0.9)
        for i, item in enumerate(items):
            left = LIST_LEFT + i * CELL_WIDTH
            pen.setStrokeColor(style.INK)
            pen.setFillColor(style.WASH)
            pen.rect(left, y - CELL_HEIGHT / 2, CELL_WIDTH, CELL_HEIGHT, fill=1)
            pen.setFillColor(style.INK)
            pen.setFont(style.MONO, 10)
            pen.drawCentredString(left + CELL_WIDTH / 2, y - 3.4, item)


def parse(source: str) -> tuple[str, References]:
    """The caption, as Markdown, and the drawing."""
    caption, *lines = source.strip().splitlines()
    arrows, lists = [], {}
    for line in lines:
        name, sign, rest = re.split(r"\s*(->|=)\s*", line, maxsplit=1)
        if sign == "->":
            arrows.append((name, rest))
        else:
            lists[name] = rest.split()
    return caption, References(arrows, lists)
