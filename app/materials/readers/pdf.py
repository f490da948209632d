"""Reads a PDF page by page, with its outline as headings."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from .cleaning import breadcrumb, clean, one_line
from .columns import text_in_order
from .page import DAMAGED, PROTECTED, Page, Section, Source, Unreadable
from .recognition import Recogniser
from .running import running_lines
from .typewriter import CodeLine, code_lines

SHORTEST_FULL_LINE = 45
FULL_LINE = 0.8
LONGEST_SLIDE_TITLE = 90
DEEPEST_HEADING = 3

_NUMBERED = re.compile(r"(\d+[.)]|\d+(\.\d+)+|[a-z]\))\s")
_LEADER = re.compile(r"(\. ?){4,} ?[0-9ivxlc]+$")
# What presentation programs call a slide without a title.
_NO_TITLE = re.compile(r"\w+ \d+")


class Entry(NamedTuple):
    """An outline entry: the page it points to (from 0), its own title, its breadcrumb."""

    page: int
    title: str
    crumb: str


def read(path: Path) -> Source:
    """Raises `Unreadable` if the file is protected or damaged."""
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise Unreadable(PROTECTED) from error
        raise Unreadable(DAMAGED) from error
    if len(document) == 0:
        raise Unreadable(DAMAGED)
    title = one_line(document.get_metadata_value("Title"))
    source = Source(len(document), iter(()), title)
    source.pages = _pages(document, source)
    return source


class Sheet(NamedTuple):
    """A page's lines, running heads and feet among them; `code`: which of them are code."""

    lines: list[str]
    code: set[int]
    is_slide: bool


def _pages(document: pdfium.PdfDocument, source: Source) -> Iterator[Page]:
    outline = {page: list(group) for page, group in groupby(_outline(document), lambda e: e.page)}
    sheets = [_sheet(document, index) for index in range(len(document))]
    are_slides = sum(sheet.is_slide for sheet in sheets) > len(sheets) / 2
    running = running_lines([sheet.lines for sheet in sheets], are_slides=are_slides)
    recogniser = Recogniser()
    heading = None
    for index, (sheet, own) in enumerate(zip(sheets, running, strict=True)):
        text = _text(sheet, own.begin, own.end) or _recognised(document, index, recogniser)
        here = outline.get(index, [])
        sections = tuple(_sections(text, here))
        first = heading
        if sheet.is_slide and (not outline or all(_NO_TITLE.fullmatch(e.title) for e in here)):
            first = _slide_title(text)
        elif sections and sections[0].offset == 0:
            first, sections = sections[0].heading, sections[1:]
        label = own.label or _label(document, index)
        label = None if label == str(index + 1) else label
        yield Page(index + 1, text, label, first, sections, _is_contents(text))
        heading = here[-1].crumb if here else heading
    if recogniser.count:
        source.details["recognised_pages"] = recogniser.count
    if recogniser.left_over:
        source.details["pictures"] = recogniser.left_over


def _sheet(document: pdfium.PdfDocument, index: int) -> Sheet:
    """A damaged page has no text."""
    try:
        page = document[index]
        width, height = page.get_size()
        text_page = page.get_textpage()
        lines = clean(text_in_order(text_page, width)).split("\n")
        code = code_lines(text_page)
        text_page.close()
        page.close()
    except pdfium.PdfiumError:
        return Sheet([], set(), False)
    return Sheet(*_indented(lines, code), width > height)


def _recognised(document: pdfium.PdfDocument, index: int, recogniser: Recogniser) -> str:
    try:
        return reflow(recogniser.text(document[index]))
    except pdfium.PdfiumError:
        return ""


def _indented(lines: list[str], code: Sequence[CodeLine]) -> tuple[list[str], set[int]]:
    """The lines with those of code indented, and which these are."""
    found = set()
    waiting = iter(code)
    following = next(waiting, None)
    for number, line in enumerate(lines):
        if following is not None and line.strip() == clean(following.text).strip():
            lines[number] = " " * following.indent + line.strip()
            found.add(number)
            following = next(waiting, None)
    return lines, found


def _text(sheet: Sheet, begin: int, end: int) -> str:
    """What is left between head and foot; all, if that is nothing: such a page is no picture."""
    lines = sheet.lines[begin:end]
    if not any(line.strip() for line in lines):
        return "\n".join(sheet.lines).strip()
    code = {number - begin for number in sheet.code}
    return reflow("\n".join(lines), code).strip("\n")


def reflow(text: str, code: Collection[int] = ()) -> str:
    """Joins the lines of a paragraph; short lines (lists, titles) and code stay as they stand.

    A line that nearly fills the column goes on in the next one. What is a full line is learnt
    from the page itself. `code` are the numbers of lines of code.
    """
    lines = text.split("\n")
    lengths = sorted(len(line) for line in lines if line)
    usual = lengths[int(len(lengths) * 0.9)] if lengths else 0
    if usual < SHORTEST_FULL_LINE:
        return text
    out = lines[0]
    for number, (line, following) in enumerate(pairwise(lines)):
        full = len(line) >= FULL_LINE * usual and number not in code and number + 1 not in code
        goes_on = full and following and not _starts_anew(line, following)
        out += (" " if goes_on else "\n") + following
    return out


def _starts_anew(line: str, following: str) -> bool:
    """A bullet, a number, or a capital after the end of a sentence may begin a new paragraph."""
    if line[-1] in ".?!:" and not following[0].islower():
        return True
    return following[0] in "•‣◦▪–—*>$" or _NUMBERED.match(following) is not None


def _is_contents(text: str) -> bool:
    """Whether much of the page is titles, dots and page numbers."""
    lines = text.split("\n")
    leaders = sum(_LEADER.search(line) is not None for line in lines)
    return leaders >= 4 and leaders >= 0.3 * len(lines)


def _outline(document: pdfium.PdfDocument) -> list[Entry]:
    """The outline in the order of the pages; entries without a target page are left out."""
    trail: list[str] = []
    entries = []
    try:
        for mark in document.get_toc(max_depth=15):
            del trail[mark.level :]
            title = one_line(mark.get_title()) or ""
            trail.append(title)
            target = mark.get_dest()
            page = target.get_index() if target else None
            if page is not None and title:
                crumb = breadcrumb(trail[:DEEPEST_HEADING]) or title
                entries.append(Entry(page, title, crumb))
    except pdfium.PdfiumError:
        return []
    return sorted(entries, key=lambda entry: entry.page)


def _sections(text: str, entries: list[Entry]) -> Iterator[Section]:
    """Where the outline's titles stand as lines of the page ("1.7 Writing a program")."""
    after = 0
    for entry in entries:
        title = r"\s+".join(re.escape(word) for word in entry.title.split())
        match = re.compile(rf"^[^\n]{{0,20}}?{title}\s*$", re.M | re.I).search(text, after)
        if match:
            after = match.end()
            yield Section(match.start(), entry.crumb)


def _slide_title(text: str) -> str | None:
    first = text.split("\n", 1)[0]
    return one_line(first) if len(first) <= LONGEST_SLIDE_TITLE else None


def _label(document: pdfium.PdfDocument, index: int) -> str | None:
    label = one_line(document.get_page_label(index))
    return label[:50] if label else None
