"""Sets the slides: a heading begins a slide, a quotation holds what the teacher says to it."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pptx
from markdown_it.token import Token
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE
from pptx.util import Emu, Inches, Pt

from scripts.sample_course import slide_xml
from scripts.sample_course.slide_xml import INNER, LEFT
from scripts.sample_course.source import Source, read, rows, until

INK, SOFT = RGBColor(0x1B, 0x24, 0x26), RGBColor(0x53, 0x60, 0x64)
ACCENT, WASH = RGBColor(0x0E, 0x59, 0x64), RGBColor(0xF3, 0xF6, 0xF6)
LINE = RGBColor(0xD6, 0xDD, 0xDD)
SERIF, SANS, MONO = "Georgia", "Arial", "Consolas"

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
TITLE_TOP, BODY_TOP = Inches(0.55), Inches(1.6)
LINE_OF_TEXT, LINE_OF_CODE, LINE_OF_TABLE = Inches(0.44), Inches(0.315), Inches(0.46)
TEXT_COLUMNS = 80
"""Characters of a line of text, about: for how much room a list takes."""
TITLE_AND_CONTENT, TITLE_ONLY = 1, 5
FOOT = "Python basics, Week 4"
MADE = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class _Slide:
    """What stands on one slide, in the order of the source."""

    title: str
    text: list[tuple[Token, bool]] = field(default_factory=list)
    """Lines of text; True for those with a bullet."""
    boxes: list[Token] = field(default_factory=list)
    table: list[list[Token]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def make(source: Path, target: Path) -> int:
    """Set the slides into `target`; their number."""
    content = read(source)
    deck = pptx.Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    _prepare(deck.slide_layouts)
    facts = deck.core_properties
    facts.title, facts.author, facts.language = (
        content.facts["title"],
        content.facts["author"],
        "en",
    )
    facts.created = facts.modified = MADE.replace(tzinfo=None)
    facts.last_modified_by = content.facts["author"]
    for number, slide in enumerate(_slides(content)):
        (_cover if number == 0 else _page)(deck, slide)
    _save(deck, target)
    return len(deck.slides)


def _save(deck: Any, target: Path) -> None:
    """The same slides give the same bytes: nothing in the archive tells when it was packed."""
    packed = io.BytesIO()
    deck.save(packed)
    with zipfile.ZipFile(packed) as parts, zipfile.ZipFile(target, "w") as archive:
        for part in parts.infolist():
            entry = zipfile.ZipInfo(part.filename, MADE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts.read(part))


def _slides(content: Source) -> Iterator[_Slide]:
    tokens, place = content.tokens, 0
    slide: _Slide | None = None
    while place < len(tokens):
        token = tokens[place]
        end = place
        if token.nesting == 1:
            end = until(tokens, place, token.type.replace("_open", "_close"))
        inner = tokens[place + 1 : end]
        if token.type == "heading_open":
            if slide:
                yield slide
            slide = _Slide(inner[0].content)
        elif slide:
            _take(slide, token, inner)
        place = end + 1
    if slide:
        yield slide


def _take(slide: _Slide, token: Token, inner: list[Token]) -> None:
    inlines = [part for part in inner if part.type == "inline"]
    if token.type == "fence":
        slide.boxes.append(token)
    elif token.type == "table_open":
        slide.table = rows(inner)
    elif token.type == "blockquote_open":
        slide.notes += [part.content for part in inlines]
    else:
        slide.text += [(part, token.type == "bullet_list_open") for part in inlines]


def _prepare(layouts: Any) -> None:
    """Geometry and furniture once, on the layouts, so that slides made by hand match."""
    for number in (TITLE_AND_CONTENT, TITLE_ONLY):
        layout = layouts[number]
        for holder in list(layout.placeholders):
            kind = holder.placeholder_format.idx
            if kind == 0:
                _place(holder, TITLE_TOP, Inches(0.9))
            elif kind == 1:
                _place(holder, BODY_TOP, Inches(4))
            else:
                holder._element.getparent().remove(holder._element)
        tree = layout.shapes._spTree
        tree.append(slide_xml.rule())
        tree.append(slide_xml.foot(FOOT, SANS))


def _place(shape: Any, top: Emu, height: Emu) -> None:
    shape.left, shape.top, shape.width, shape.height = LEFT, top, INNER, height


def _cover(deck: Any, content: _Slide) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    title = slide.shapes.title
    _place(title, Inches(2.4), Inches(1.2))
    _write_title(title, content.title, 48)
    box = slide.shapes.add_textbox(LEFT, Inches(3.6), INNER, Inches(1))
    box.text_frame.word_wrap, box.text_frame.margin_left = True, 0
    for inline, _ in content.text:
        _runs(box.text_frame.paragraphs[0], inline, 22, SOFT)
    _notes(slide, content)


def _page(deck: Any, content: _Slide) -> None:
    layout = TITLE_AND_CONTENT if content.text else TITLE_ONLY
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    _write_title(slide.shapes.title, content.title, 32)
    top = BODY_TOP
    if content.text:
        top = _write_text(slide.placeholders[1], content.text)
    if content.table:
        top = _write_table(slide, content.table, top)
    for number, box in enumerate(content.boxes):
        top = _write_code(slide, box, top, is_output=number > 0)
    if top > HEIGHT - Inches(0.6):
        raise ValueError(f"the slide {content.title!r} is too full")
    _notes(slide, content)


def _notes(slide: Any, content: _Slide) -> None:
    slide.notes_slide.notes_text_frame.text = "\n".join(content.notes)


def _write_title(shape: Any, title: str, size: int) -> None:
    frame = shape.text_frame
    frame.text = title
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    frame.margin_left = 0
    paragraph = frame.paragraphs[0]
    paragraph.alignment = 1
    _look(paragraph.runs[0].font, SERIF, size, INK, bold=True)


def _write_text(shape: Any, lines: list[tuple[Token, bool]]) -> Emu:
    frame = shape.text_frame
    frame.margin_left = frame.margin_top = 0
    frame.auto_size = MSO_AUTO_SIZE.NONE
    height = 0
    for number, (inline, has_bullet) in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(6)
        slide_xml.bullet(paragraph, has_bullet)
        _runs(paragraph, inline, 22, INK)
        height += LINE_OF_TEXT * -(-len(inline.content) // TEXT_COLUMNS) + Pt(6)
    _place(shape, BODY_TOP, Emu(height))
    return Emu(BODY_TOP + height + Inches(0.2))


def _write_table(slide: Any, table: list[list[Token]], top: Emu) -> Emu:
    height = LINE_OF_TABLE * len(table)
    frame = slide.shapes.add_table(len(table), len(table[0]), LEFT, top, INNER, Emu(height))
    slide_xml.plain_style(frame)
    longest = [max(len(row[i].content) for row in table) for i in range(len(table[0]))]
    for column, length in zip(frame.table.columns, longest, strict=True):
        column.width = Emu(int(INNER * max(length, 9) / sum(max(n, 9) for n in longest)))
    for r, row in enumerate(table):
        frame.table.rows[r].height = LINE_OF_TABLE
        for c, inline in enumerate(row):
            cell = frame.table.cell(r, c)
            cell.margin_left = 0
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            colour, size = (SOFT, 16) if r == 0 else (INK, 18)
            _runs(cell.text_frame.paragraphs[0], inline, size, colour, bold=r == 0)
    return Emu(top + height + Inches(0.2))


def _write_code(slide: Any, token: Token, top: Emu, *, is_output: bool) -> Emu:
    lines = token.content.rstrip("\n").split("\n")
    height = Emu(LINE_OF_CODE * len(lines) + Inches(0.3))
    box = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, LEFT, top, INNER, height)
    slide_xml.without_style(box)
    box.fill.solid()
    box.fill.fore_color.rgb = RGBColor(255, 255, 255) if is_output else WASH
    box.line.color.rgb = LINE
    box.line.width = Pt(0.75)
    frame = box.text_frame
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    frame.margin_left = Inches(0.25)
    frame.word_wrap = False
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.alignment = 1
        answer = token.info == "pycon" and not line.startswith((">>>", "..."))
        run = paragraph.add_run()
        run.text = line
        _look(run.font, MONO, 18, SOFT if answer else INK)
    return Emu(top + height)


def _runs(
    paragraph: Any, inline: Token, size: int, colour: RGBColor, *, bold: bool = False
) -> None:
    depth = 0
    for token in inline.children or []:
        if token.type in ("strong_open", "strong_close"):
            depth += token.nesting
        elif token.type in ("text", "code_inline"):
            is_code = token.type == "code_inline"
            run = paragraph.add_run()
            run.text = token.content
            _look(run.font, MONO if is_code else SANS, size, colour, bold=bold or depth > 0)


def _look(font: Any, name: str, size: int, colour: RGBColor, *, bold: bool = False) -> None:
    font.name, font.size, font.bold = name, Pt(size), bold
    font.color.rgb = colour
