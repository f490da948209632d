"""What of a sentence a person reads, where it is shown alone: no marks of lists, of Markdown, of
tables. Pure."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.materials.formulas import keep_formulas

BETWEEN_CELLS = " · "

_markdown = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").use(keep_formulas)
MARKUP = re.compile(r"^\s*(?:#{1,6}\s+|[-*+•‣◦▪]\s+|>\s+|\d{1,2}[.)]\s+(?=\S+\s))")
"""What begins a title, an item of a list or a quotation."""
_ATTRIBUTES = re.compile(r"(?<=[\])\w])\s*\{[.#:][^}]*\}")
"""`{#name .class}` after a heading, a link or a role, as Pandoc writes them."""
_CELL_END = re.compile(r"(?<!\\)\|")
_BREAKS = {"softbreak": " ", "hardbreak": " "}


def plain(text: str, *, is_markdown: bool) -> str:
    """A sentence, title or row of a table as it reads. Formulas stay as they are written."""
    text = MARKUP.sub("", text).strip()
    if not is_markdown:
        return text
    if is_row(text):
        cells = [_read(cell.strip()) for cell in _CELL_END.split(text.strip("|"))]
        return BETWEEN_CELLS.join(cell for cell in cells if cell)
    return _read(_ATTRIBUTES.sub("", text))


def is_row(line: str) -> bool:
    """Whether a line is one of a table in Markdown."""
    return line.startswith("|") and line.rstrip().endswith("|") and len(line) > len("||")


def _read(text: str) -> str:
    if not text:
        return ""
    (inline,) = _markdown.parseInline(text)
    return "".join(map(_said, inline.children or [])).strip()


def _said(token: Token) -> str:
    return _BREAKS.get(token.type, token.content)
