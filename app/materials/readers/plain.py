"""Reads Markdown (sections by heading) and plain text (sections by size, pages by form feed)."""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

from .cleaning import clean, one_line
from .page import Page, Source, Unreadable
from .sections import Block, pages_of

NOT_TEXT = (
    "The file is not text. Save it as PDF, PowerPoint, Word, Markdown or text and upload that."
)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.S)
_MARKS = (
    ("utf-8-sig", b"\xef\xbb\xbf"),
    ("utf-16", b"\xff\xfe"),
    ("utf-16", b"\xfe\xff"),
)


def read_markdown(path: Path) -> Source:
    """The Markdown stays as written; front matter is dropped but for its title."""
    text = clean(decode(path.read_bytes()))
    match = _FRONT_MATTER.match(text)
    title = None
    if match:
        found = re.search(r"^title:\s*(.+)$", match.group(1), re.M)
        title = one_line(found.group(1).strip("\"' ")) if found else None
        text = text[match.end() :]
    return Source(None, pages_of(markdown_blocks(text)), title)


def read_text(path: Path) -> Source:
    """Raises `Unreadable` if the file is no text."""
    text = decode(path.read_bytes())
    if "\f" in text.strip("\f\n "):
        printed = text.rstrip("\f\n ").split("\f")
        pages = (Page(n, clean(page)) for n, page in enumerate(printed, start=1))
        return Source(len(printed), pages)
    blocks = (Block(block) for block in re.split(r"\n\s*\n", clean(text)) if block.strip())
    return Source(None, pages_of(blocks))


def decode(data: bytes) -> str:
    """Text from bytes: by its mark, as UTF-8, as UTF-16 without a mark, else by what fits best."""
    for encoding, mark in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data[:4096]:
        return _without_mark(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:200_000]).best()
        if best is None:
            raise Unreadable(NOT_TEXT) from None
        return data.decode(best.encoding, "replace")


def _without_mark(data: bytes) -> str:
    """UTF-16 of Latin text has a NUL in every other byte; anything else with NULs is no text."""
    even, odd = data[:4096:2].count(0), data[1:4096:2].count(0)
    half = len(data[:4096]) // 2
    if odd > 0.4 * half and even < 0.1 * half:
        return data.decode("utf-16-le", "replace")
    if even > 0.4 * half and odd < 0.1 * half:
        return data.decode("utf-16-be", "replace")
    raise Unreadable(NOT_TEXT)


def markdown_blocks(text: str) -> Iterator[Block]:
    """The source, cut where its paragraphs, lists, tables, code and headings begin."""
    lines = text.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    starts: list[tuple[int, int, str | None]] = []
    for place, token in enumerate(tokens):
        if token.level == 0 and token.nesting >= 0 and token.map:
            is_heading = token.type == "heading_open"
            level = int(token.tag[1]) if is_heading else 0
            starts.append((token.map[0], level, tokens[place + 1].content if is_heading else None))
    # What no token tells of (link definitions) goes with what stands before it.
    starts = starts or [(0, 0, None)]
    starts[0] = (0, *starts[0][1:])
    ends = [*(start for start, _, _ in starts[1:]), len(lines)]
    for (start, level, title), end in zip(starts, ends, strict=True):
        if block := "\n".join(lines[start:end]).strip("\n"):
            yield Block(block, level, title)
