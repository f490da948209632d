"""A page's text as safe HTML: Markdown rendered and cleaned, anything else in paragraphs."""

import re
from itertools import groupby

import nh3
from markdown_it import MarkdownIt
from markupsafe import escape

from app.materials.formulas import keep_formulas

_TAGS = {
    *("p", "br", "hr", "pre", "code", "blockquote", "em", "strong", "s", "sub", "sup"),
    *("h3", "h4", "h5", "h6", "ul", "ol", "li", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
# Code and tables may be wider than the page: they can be scrolled by keys.
_SET = {"pre": {"tabindex": "0"}, "table": {"tabindex": "0"}}
SHORT_LINE = 55
CELLS = " | "
"""Between the cells of a row, as the readers write them."""
_SCHEMES = {"http", "https", "mailto"}
# Indented lines and prompts are code: they keep their spaces.
_CODE = re.compile(r"^(?: {2,}|\t|>>> |\$ )\S", re.M)

# html is off: tags in the source are shown as text.
_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_markdown.use(keep_formulas)


def as_html(text: str, title: str | None = None, *, is_markdown: bool = False) -> str:
    """Safe HTML of a page. `title`, where the text begins with it, becomes its heading."""
    if is_markdown:
        return _from_markdown(text)
    parts = []
    if title and text.startswith(title):
        parts.append(f"<h3>{escape(title)}</h3>")
        text = text[len(title) :]
    blocks = re.split(r"\n{2,}", text.strip("\n"))
    return "\n".join(parts + [_block(block) for block in blocks if block.strip()])


def _from_markdown(text: str) -> str:
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            # The panel has headings of its own above these.
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        set_tag_attribute_values=_SET,
        url_schemes=_SCHEMES,
    )


def _block(block: str) -> str:
    """Rows of cells are a table. A long line is a paragraph; short ones below each other stay so,
    as code if one looks it."""
    rows = [line.split(CELLS) for line in block.split("\n")]
    if len(rows) > 1 and len(rows[0]) > 1 and {len(row) for row in rows} == {len(rows[0])}:
        return _table(rows)
    parts = []
    for is_long, lines in groupby(block.split("\n"), lambda line: len(line) > SHORT_LINE):
        if is_long:
            parts += [f"<p>{escape(line)}</p>" for line in lines]
        elif text := "\n".join(lines).strip("\n"):
            parts.append(_short_lines(text))
    return "\n".join(parts)


def _table(rows: list[list[str]]) -> str:
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return '<table tabindex="0">' + "\n".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _short_lines(text: str) -> str:
    if _CODE.search(text):
        return f'<pre tabindex="0">{escape(text)}</pre>'
    return f"<p>{escape(text)}</p>".replace("\n", "<br>\n")
