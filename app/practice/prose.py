"""What people write as plain text, shown with its code: `inline`, and lines between ``` fences.

Nothing else of Markdown, and no HTML: all text is escaped.
"""

import re

from markupsafe import Markup, escape

_FENCE = re.compile(r"^```[^\n`]*\n(.*?)(?:\n```[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_BLANK_LINES = re.compile(r"\n\s*\n")
_PRE = Markup(
    '<pre class="cl-code" tabindex="0" role="group" aria-label="Code"><code>{}</code></pre>'
)


def prose(text: str | None, css_class: str = "") -> Markup:
    """Paragraphs and code blocks; `css_class` stands on each paragraph."""
    text = (text or "").replace("\r\n", "\n")
    parts: list[Markup] = []
    end = 0
    for fence in _FENCE.finditer(text):
        parts += _paragraphs(text[end : fence.start()], css_class)
        parts.append(_PRE.format(fence[1].rstrip()))
        end = fence.end()
    parts += _paragraphs(text[end:], css_class)
    return Markup("\n").join(parts)


def inline(text: str | None) -> Markup:
    """One line of text with its `code`."""
    pieces = _CODE.split(text or "")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if i % 2 else escape(piece)
        for i, piece in enumerate(pieces)
    )


def first_line(text: str | None) -> Markup:
    """What a question is recognised by in a list: its first line of words, else of code."""
    words = _FENCE.sub("", (text or "").replace("\r\n", "\n"))
    for line in f"{words}\n{text or ''}".splitlines():
        if line.strip() and not line.startswith("```"):
            return inline(line.strip())
    return Markup("")


def _paragraphs(text: str, css_class: str) -> list[Markup]:
    start = Markup('<p class="{}">').format(css_class) if css_class else Markup("<p>")
    return [
        start + Markup("<br>").join(inline(line) for line in block.splitlines()) + Markup("</p>")
        for block in _BLANK_LINES.split(text.strip())
        if block.strip()
    ]
