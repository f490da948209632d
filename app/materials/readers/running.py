"""Finds what is printed on every page (heads, feet, page numbers), and the number printed there."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

# How many lines at either end may be running, and how many pages to either side are looked at.
DEEPEST = 2
NEAR = 6
# Of the pages nearby that have as much in the same place.
ENOUGH = 3
SHARE_OF_SLIDES = 0.5
LONGEST = 120

_NUMBER = r"\d{1,4}|(?=[ivxl])(?:xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_FIRST = re.compile(rf"\W*(?P<number>{_NUMBER})(?![\w.])(?P<words>.*)")
_LAST = re.compile(rf"(?P<words>.*(?<![\w.]))(?P<number>{_NUMBER})\W*")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}
# A title that counts ("Exercise 3") is no page number, but "Page 3" and "3" are.
_PAGE_WORD = re.compile(r"\W*(page|p|seite|s|página|pág|pagina|стр|страница|第)?\W*", re.I)


class Printed(NamedTuple):
    """What of a page is its own: lines `begin` to `end`; `label` is the number as printed."""

    begin: int
    end: int
    label: str | None


def running_lines(pages: Sequence[Sequence[str]], *, are_slides: bool) -> list[Printed]:
    """For each page's lines, what is left without its running head and foot."""
    tops = [_outermost(lines[: (len(lines) + 1) // 2]) for lines in pages]
    feet = [_outermost(lines[: -(len(lines) // 2) - 1 : -1]) for lines in pages]
    offsets = [
        {number - i for line in top + foot for number in _numbers(line, are_slides)}
        for i, (top, foot) in enumerate(zip(tops, feet, strict=True))
    ]
    return [
        _printed(i, len(lines), (tops, feet), offsets, are_slides) for i, lines in enumerate(pages)
    ]


def _outermost(lines: Sequence[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines[:DEEPEST]]


def _numbers(line: str, is_slide: bool) -> dict[int, str]:
    """Numbers at a line's ends that may be the page's, with what is printed."""
    found = {}
    for pattern in (_FIRST, _LAST) if len(line) <= LONGEST else ():
        match = pattern.fullmatch(line)
        if match is None:
            continue
        words = match["words"]
        is_bare = _PAGE_WORD.fullmatch(words) is not None
        # On a slide, and after a single word, a number may count something else: "Exercise 3".
        counts = is_slide or (pattern is _LAST and len(words.split()) < 2 and not words.isupper())
        if is_bare or not counts:
            found[_value(match["number"])] = match["number"]
    return found


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    values = [_ROMAN[letter] for letter in number]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def _printed(
    index: int,
    length: int,
    edges: tuple[list[list[str]], list[list[str]]],
    offsets: Sequence[set[int]],
    are_slides: bool,
) -> Printed:
    begin, end, label = 0, length, None
    own = _own_offset(index, offsets)
    for at_end, edge in enumerate(edges):
        dropped = 0
        for place, line in enumerate(edge[index]):
            numbers = _numbers(line, are_slides) if own is not None else {}
            if own is not None and index + own in numbers:
                label = numbers[index + own]
            elif not _repeats(line, index, [e[place : place + 1] for e in edge], are_slides):
                break
            dropped = place + 1
        begin, end = (begin, end - dropped) if at_end else (dropped, end)
    return Printed(min(begin, length), max(end, begin), label)


def _own_offset(index: int, offsets: Sequence[set[int]]) -> int | None:
    """How far page numbers are ahead of the pages here, by the pages around."""
    near = Counter(o for i in _around(index, len(offsets)) for o in offsets[i])
    shared = [(near[offset], -abs(offset), offset) for offset in offsets[index]]
    count, _, offset = max(shared, default=(0, 0, 0))
    return offset if count >= min(ENOUGH, len(offsets) - 1) and count > 0 else None


def _repeats(line: str, index: int, edge: Sequence[list[str]], are_slides: bool) -> bool:
    if not line or len(line) > LONGEST:
        return False
    if are_slides:
        # Slides that go on with one subject repeat its title; only what most have is a running one.
        count = sum(line in other for other in edge)
        return count >= max(SHARE_OF_SLIDES * len(edge), ENOUGH + 1)
    return sum(line in edge[i] for i in _around(index, len(edge))) >= ENOUGH


def _around(index: int, count: int) -> list[int]:
    return [i for i in range(max(index - NEAR, 0), min(index + NEAR + 1, count)) if i != index]
