"""Reads a Word file: it has no pages, so a section under a heading is one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml import etree

from .cleaning import clean, one_line
from .equations import write_out
from .page import Source
from .sections import Block, pages_of

_CONTENTS = re.compile(r"(toc|table of contents) ?(\d|heading)?$", re.I)
_HEADING = re.compile(r"heading (\d)", re.I)


def read(path: Path) -> Source:
    """Raises whatever python-docx raises on a damaged file."""
    document = docx.Document(str(path))
    write_out(document.element.body, qn("w:r"), qn("w:t"))
    title = one_line(document.core_properties.title)
    return Source(None, pages_of(_blocks(document)), title)


def _blocks(document: Any) -> Iterator[Block]:
    levels: dict[str, int | None] = {}
    notes = _footnotes(document)
    for element in _elements(document.element.body):
        if element.tag == qn("w:tbl"):
            yield Block(_table(Table(element, document)))
            continue
        paragraph = Paragraph(element, document)
        level = _level(paragraph, levels)
        if level is None:
            continue
        text = clean(paragraph.text)
        if text:
            bullet = "• " if level == 0 and _is_listed(element) else ""
            yield Block("\n".join([bullet + text, *_notes_of(element, notes)]), level, text)


def _elements(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, those inside content controls too."""
    for child in parent.iterchildren():
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag == qn("w:sdt"):
            content = child.find(qn("w:sdtContent"))
            if content is not None:
                yield from _elements(content)


def _footnotes(document: Any) -> dict[str, str]:
    """Texts of footnotes and endnotes by kind and id; python-docx does not know them."""
    notes = {}
    for relation in document.part.rels.values():
        kind = relation.reltype.rpartition("/")[2].removesuffix("s")
        if relation.is_external or kind not in ("footnote", "endnote"):
            continue
        part = etree.fromstring(
            relation.target_part.blob, etree.XMLParser(resolve_entities=False, no_network=True)
        )
        write_out(part, qn("w:r"), qn("w:t"))
        for note in part.iter(qn(f"w:{kind}")):
            text = one_line("".join(piece.text or "" for piece in note.iter(qn("w:t"))))
            if text:
                notes[f"{kind}{note.get(qn('w:id'))}"] = text
    return notes


def _notes_of(element: Any, notes: dict[str, str]) -> Iterator[str]:
    """The notes that a paragraph refers to, which follow it."""
    for reference in element.iter(qn("w:footnoteReference"), qn("w:endnoteReference")):
        kind = etree.QName(reference).localname.removesuffix("Reference")
        if text := notes.get(f"{kind}{reference.get(qn('w:id'))}"):
            yield f"Note: {text}"


def _level(paragraph: Paragraph, known: dict[str, int | None]) -> int | None:
    """Heading level 1-9, 0 for text, None in a table of contents.

    Word calls its own styles "heading N" in every language.
    """
    style_id = paragraph._p.style or ""
    if style_id not in known:
        name = paragraph.style.name if paragraph.style is not None else ""
        match = _HEADING.match(name or "")
        in_contents = _CONTENTS.match(name or "") is not None
        known[style_id] = int(match.group(1)) if match else (None if in_contents else 0)
    return known[style_id]


def _is_listed(element: Any) -> bool:
    properties = element.pPr
    return properties is not None and properties.numPr is not None


def _table(table: Table) -> str:
    rows = []
    for row in table.rows:
        cells = [one_line(cell.text) or "" for cell in row.cells]
        # A merged cell is given once for each column that it covers.
        kept = [cell for i, cell in enumerate(cells) if i == 0 or cell != cells[i - 1]]
        rows.append(" | ".join(kept))
    return "\n".join(row for row in rows if row.strip(" |"))
