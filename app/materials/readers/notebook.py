"""Reads a Jupyter notebook (nbformat 3 and 4) as Markdown: text, code, and what it printed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .cleaning import clean, one_line
from .page import DAMAGED, Source, Unreadable
from .plain import markdown_blocks
from .sections import Block, pages_of

LONGEST_OUTPUT = 2_000
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def read(path: Path) -> Source:
    """Raises `Unreadable` if it is not a notebook as Jupyter writes it."""
    try:
        book = json.loads(path.read_bytes().decode("utf-8-sig"))
        cells = list(_cells(book))
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Unreadable(DAMAGED) from error
    about = book.get("metadata") or {}
    language = (about.get("language_info") or about.get("kernelspec") or {}).get("name", "")
    title = one_line(str(about.get("title") or "")) or None
    return Source(None, pages_of(_blocks(cells, re.sub(r"\W.*|\d+$", "", str(language)))), title)


def _cells(book: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (book, *book.get("worksheets", ())):
        for cell in part.get("cells", ()):
            cell.get("cell_type")
            yield cell


def _blocks(cells: list[dict[str, Any]], language: str) -> Iterator[Block]:
    for cell in cells:
        source = clean(_text(cell.get("source", cell.get("input"))))
        match cell.get("cell_type"):
            case "code":
                if source:
                    yield Block(_fenced(source, language))
                yield from map(Block, _outputs(cell))
            case "heading":
                level = min(max(int(cell.get("level", 1)), 1), 6)
                yield Block(f"{'#' * level} {source}", level, source)
            case _:
                # Each cell for itself: a fence left open in one does not swallow the next.
                yield from markdown_blocks(source)


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    for output in cell.get("outputs", ()):
        data = output.get("data", output)
        text = _text(
            output.get("traceback")
            if output.get("output_type") in ("error", "pyerr")
            else data.get("text/plain", output.get("text")),
            "\n" if "traceback" in output else "",
        )
        text = clean(_TERMINAL.sub("", text))
        if len(text) > LONGEST_OUTPUT:
            text = text[:LONGEST_OUTPUT].rstrip() + "\n…"
        if text:
            yield _fenced(text, "text")


def _text(lines: Any, between: str = "") -> str:
    """Jupyter keeps text as one string or as its lines."""
    return between.join(map(str, lines)) if isinstance(lines, list) else str(lines or "")


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
