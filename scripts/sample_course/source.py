"""Reads a Markdown source with front matter, and turns its running text into markup."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """A source's front matter, and the tokens of its text."""

    facts: dict[str, str]
    tokens: list[Token]


def read(path: Path) -> Source:
    """The source at `path`, which begins with front matter."""
    text = path.read_text("utf-8")
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise ValueError(f"{path} has no front matter")
    pairs = (line.split(":", 1) for line in match[1].splitlines())
    facts = {name.strip(): value.strip().strip('"') for name, value in pairs}
    tokens = MarkdownIt("commonmark").enable("table").parse(text[match.end() :])
    return Source(facts, tokens)


def until(tokens: Sequence[Token], start: int, end_type: str) -> int:
    """Where the block that opens at `start` closes, on its own level."""
    level = tokens[start].level
    return next(
        i
        for i in range(start + 1, len(tokens))
        if tokens[i].type == end_type and tokens[i].level == level
    )


def markup(inline: Token, code: str) -> str:
    """Running text as paragraph markup; `code` is the format of code, with {} for its text."""
    out = []
    for token in inline.children or []:
        if token.type == "text":
            out.append(escape(token.content))
        elif token.type == "code_inline":
            out.append(code.format(escape(token.content)))
        elif token.type in ("softbreak", "hardbreak"):
            out.append(" ")
        elif token.type in ("strong_open", "strong_close", "em_open", "em_close"):
            name = "b" if token.type.startswith("strong") else "i"
            out.append(f"<{name}>" if token.nesting == 1 else f"</{name}>")
    return "".join(out)


def rows(tokens: Sequence[Token]) -> list[list[Token]]:
    """The cells of a table, the head's row first."""
    table: list[list[Token]] = []
    for token in tokens:
        if token.type == "tr_open":
            table.append([])
        elif token.type == "inline":
            table[-1].append(token)
    return table
