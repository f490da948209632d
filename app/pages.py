"""Long lists, a page at a time."""

from dataclasses import dataclass

A_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is shown: the `number`th of `last` pages, from 1."""

    number: int
    last: int
    total: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * A_PAGE

    @property
    def part(self) -> slice:
        """Of the whole list."""
        return slice(self.offset, self.offset + A_PAGE)


def page_of(total: int, asked: int | None) -> Page:
    """The page that was asked for, or the nearest that there is."""
    last = max(1, -(-total // A_PAGE))
    return Page(min(max(asked or 1, 1), last), last, total)
