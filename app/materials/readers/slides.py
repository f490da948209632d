"""Reads a PowerPoint file: a slide is a page of title, text, tables and speaker notes."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pptx
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml.ns import qn
from pptx.shapes.group import GroupShape

from .cleaning import clean, one_line
from .equations import MATH, write_out
from .page import Page, Source

_CHOICES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_FORMULA = "{http://schemas.microsoft.com/office/drawing/2010/main}m"
# Repeated on every slide, so they say nothing about this one.
_FURNITURE = {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER}


def read(path: Path) -> Source:
    """Raises whatever python-pptx raises on a damaged file."""
    presentation = pptx.Presentation(str(path))
    source = Source(
        len(presentation.slides), iter(()), one_line(presentation.core_properties.title)
    )
    source.pages = _pages(presentation, source)
    return source


def _pages(presentation: Any, source: Source) -> Iterator[Page]:
    for number, slide in enumerate(presentation.slides, start=1):
        # A hidden slide is often the solution to the one before it: students never saw it.
        if slide._element.get("show") in ("0", "false"):
            source.details["hidden_slides"] = source.details.get("hidden_slides", 0) + 1
            yield Page(number, "")
            continue
        _write_out(slide._element)
        title = slide.shapes.title
        heading = one_line(title.text_frame.text) if title is not None else None
        parts = [heading or "", *_texts(slide.shapes, title), _notes(slide)]
        yield Page(number, clean("\n\n".join(part for part in parts if part)), heading=heading)


def _write_out(element: Any) -> None:
    """Formulas become text. A shape that holds one stands as a choice beside a picture of it, and
    python-pptx sees neither."""
    for either in list(element.iter(f"{_CHOICES}AlternateContent")):
        choice = either.find(f"{_CHOICES}Choice")
        if choice is None or next(choice.iter(f"{MATH}oMath"), None) is None:
            continue
        for shape in list(choice):
            either.addprevious(shape)
        either.getparent().remove(either)
    write_out(element, qn("a:r"), qn("a:t"), _FORMULA)


def _texts(shapes: Iterable[Any], title: Any) -> Iterator[str]:
    for shape in shapes:
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if shape.is_placeholder and shape.placeholder_format.type in _FURNITURE:
            continue
        if isinstance(shape, GroupShape):
            yield from _texts(shape.shapes, title)
        elif shape.has_text_frame:
            yield shape.text_frame.text.strip()
        elif getattr(shape, "has_table", False):
            yield "\n".join(
                " | ".join(one_line(cell.text) or "" for cell in row.cells)
                for row in shape.table.rows
            )


def _notes(slide: Any) -> str:
    if not slide.has_notes_slide or slide.notes_slide.notes_text_frame is None:
        return ""
    _write_out(slide.notes_slide._element)
    notes = slide.notes_slide.notes_text_frame.text.strip()
    return f"Notes: {notes}" if notes else ""
