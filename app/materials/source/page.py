"""One page of a material for a reader: where it stands, its text, and what is quoted from it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.materials.source.marking import mark
from app.materials.source.rendering import as_html
from app.materials.status import is_markdown
from models import CourseMaterial, FileType, MaterialChunk, MaterialPage

UNITS = {FileType.PDF: "Page", FileType.PPTX: "Slide"}
MOST_QUOTES = 8
LONGEST_QUOTE = 1_000
MOST_PAGES = 5_000


@dataclass(frozen=True, slots=True)
class SourcePage:
    """`number` of `count` (None: not read yet); `html` is safe, the quotations marked in it."""

    unit: str
    number: int
    count: int | None
    label: str | None
    heading: str | None
    html: str
    quotes: list[str]
    note: str = ""
    """A sentence about what was asked for and is not there."""


def read_page(
    session: Session,
    material: CourseMaterial,
    number: int | None,
    *,
    chunk_id: uuid.UUID | None = None,
    quotes: Sequence[str] = (),
) -> SourcePage:
    """The page asked for, else the one on which the chunk begins, else the first.

    Marked are the quotes; without any, what of the chunk stands on that page.
    """
    chunk = _chunk(session, material, chunk_id)
    asked = number or (chunk.start_page if chunk else None) or 1
    number = _within(material, asked)
    marked = [quote[:LONGEST_QUOTE] for quote in quotes if quote.strip()][:MOST_QUOTES]
    if chunk and not marked:
        marked = [part] if (part := _part_on(chunk, number)) else []
    page = session.get(MaterialPage, (material.material_id, number))
    return SourcePage(
        unit=UNITS.get(material.file_type, "Section"),
        number=number,
        count=material.page_count,
        label=_label(material, page),
        heading=page.heading if page else None,
        html=mark(_html(page, material), marked),
        quotes=marked,
        note=_note(material, asked),
    )


def _note(material: CourseMaterial, asked: int) -> str:
    count, unit = material.page_count, UNITS.get(material.file_type, "Section").lower()
    if count is None or asked <= count:
        return ""
    return f"There is no {unit} {asked} in this file, which has {count}. This is the last one."


def _label(material: CourseMaterial, page: MaterialPage | None) -> str | None:
    """What the page calls itself: its printed number, or the time at which it is said."""
    if page is None or page.label is None:
        return None
    return f"printed {page.label}" if material.file_type is FileType.PDF else page.label


def _chunk(
    session: Session, material: CourseMaterial, chunk_id: uuid.UUID | None
) -> MaterialChunk | None:
    chunk = session.get(MaterialChunk, chunk_id) if chunk_id else None
    return chunk if chunk and chunk.material_id == material.material_id else None


def _within(material: CourseMaterial, number: int) -> int:
    return max(1, min(number, material.page_count or MOST_PAGES))


def _part_on(chunk: MaterialChunk, number: int) -> str:
    """The part of the chunk's content that stands on page `number`."""
    first = chunk.start_page or 1
    place = number - first
    if not 0 <= place < len(chunk.page_starts):
        return ""
    end = chunk.page_starts[place + 1] if place + 1 < len(chunk.page_starts) else None
    return chunk.content[chunk.page_starts[place] : end].strip()


def _html(page: MaterialPage | None, material: CourseMaterial) -> str:
    if page is None:
        return "<p>The text of this file has not been read.</p>"
    if not page.content.strip():
        return "<p>There is no text on this page.</p>"
    title = page.heading.rpartition(" › ")[2] if page.heading else None
    return as_html(page.content, title, is_markdown=is_markdown(material))
