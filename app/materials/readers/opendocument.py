"""Reads an OpenDocument text (ODF 1.3, part 3) by heading, with lists, tables and notes."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from .cleaning import clean, one_line
from .page import DAMAGED, Source, Unreadable
from .sections import Block, pages_of

_ODF = "{urn:oasis:names:tc:opendocument:xmlns:"
TEXT, TABLE, OFFICE, STYLE = (
    f"{_ODF}{part}:1.0}}" for part in ("text", "table", "office", "style")
)
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
# Said elsewhere, or not part of the text as it reads.
_SKIPPED = {
    f"{TEXT}tracked-changes",
    f"{TEXT}table-of-content",
    f"{TEXT}alphabetical-index",
    f"{TEXT}sequence-decls",
    f"{OFFICE}annotation",
    f"{OFFICE}forms",
}
_DEEPEST_COLUMN = 64


def read(path: Path) -> Source:
    """Raises `Unreadable` on a damaged file."""
    try:
        with zipfile.ZipFile(path) as archive:
            content = _parsed(archive.read("content.xml"))
            about = _parsed(archive.read("meta.xml")) if "meta.xml" in archive.namelist() else None
    except (KeyError, zipfile.BadZipFile, etree.XMLSyntaxError, zlib.error) as error:
        raise Unreadable(DAMAGED) from error
    body = content.find(f"{OFFICE}body/{OFFICE}text")
    if body is None:
        raise Unreadable(DAMAGED)
    title = about.find(f".//{_DC_TITLE}") if about is not None else None
    blocks = _joined(_blocks(body, _preformatted(content)))
    return Source(None, pages_of(blocks), one_line(title.text) if title is not None else None)


def _parsed(xml: bytes) -> Any:
    """Without entities: a few lines of them unfold to gigabytes."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(xml, parser)


def _preformatted(content: Any) -> set[str]:
    """Names of the styles that keep their spaces: code."""
    names = {"Preformatted_20_Text"}
    for style in content.iter(f"{STYLE}style"):
        if style.get(f"{STYLE}parent-style-name") in names:
            names.add(style.get(f"{STYLE}name"))
    return names


def _blocks(
    parent: Any, code: set[str], *, is_listed: bool = False
) -> Iterator[tuple[Block, bool]]:
    """Blocks in order, and whether each is a line of code."""
    for element in parent.iterchildren(tag=etree.Element):
        tag = element.tag
        if tag in _SKIPPED:
            continue
        if tag in (f"{TEXT}p", f"{TEXT}h"):
            is_code = element.get(f"{TEXT}style-name") in code
            notes: list[str] = []
            text = _text(element, notes)
            text = clean(text if is_code else " ".join(text.split(" ")).strip())
            level = int(element.get(f"{TEXT}outline-level") or 1) if tag == f"{TEXT}h" else 0
            if text.strip() or is_code:
                bullet = "• " if is_listed and not level else ""
                yield Block("\n".join([bullet + text, *notes]), min(level, 9), text), is_code
        elif tag == f"{TABLE}table":
            yield Block(_table(element)), False
        else:
            listed = is_listed or tag == f"{TEXT}list"
            yield from _blocks(element, code, is_listed=listed)


def _joined(blocks: Iterator[tuple[Block, bool]]) -> Iterator[Block]:
    """Lines of code below each other as one block."""
    lines: list[str] = []
    for block, is_code in blocks:
        if is_code:
            lines.append(block.text)
            continue
        if lines:
            yield Block("\n".join(lines))
            lines = []
        yield block
    if lines:
        yield Block("\n".join(lines))


def _text(element: Any, notes: list[str]) -> str:
    """The text of a paragraph. A note leaves its mark, and its text in `notes`."""
    parts = [_collapsed(element.text)]
    for child in element.iterchildren(tag=etree.Element):
        if child.tag == f"{TEXT}s":
            parts.append(" " * min(int(child.get(f"{TEXT}c") or 1), 200))
        elif child.tag == f"{TEXT}tab":
            parts.append("\t")
        elif child.tag == f"{TEXT}line-break":
            parts.append("\n")
        elif child.tag == f"{TEXT}note":
            mark = "".join(child.find(f"{TEXT}note-citation").itertext()).strip()
            said = "".join(child.find(f"{TEXT}note-body").itertext())
            parts.append(f"[{mark}]")
            notes.append(f"[{mark}] {one_line(said) or ''}".rstrip())
        elif child.tag not in _SKIPPED:
            parts.append(_text(child, notes))
        parts.append(_collapsed(child.tail))
    return "".join(parts)


def _collapsed(text: str | None) -> str:
    """White space in the file is one space; `text:s` stands for more (ODF 1.3, part 3, 6.1.2)."""
    if not text:
        return ""
    inner = " ".join(text.split())
    return (
        (" " if text[0].isspace() else "") + inner + (" " if inner and text[-1].isspace() else "")
    )


def _table(table: Any) -> str:
    rows = []
    for row in table.iter(f"{TABLE}table-row"):
        cells = []
        for cell in row.iterchildren(f"{TABLE}table-cell"):
            notes: list[str] = []
            texts = [_text(p, notes) for p in cell.iter(f"{TEXT}p", f"{TEXT}h")]
            cells.append(one_line(" ".join([*texts, *notes])) or "")
        while cells and not cells[-1]:
            cells.pop()
        rows.append(" | ".join(cells[:_DEEPEST_COLUMN]))
    return "\n".join(row for row in rows if row.strip(" |"))
