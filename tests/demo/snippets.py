"""The code of a Markdown text, as one can run it."""

import contextlib
import doctest
import io
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Snippet:
    """A listing: its kind, the code, and what it prints where the text says so."""

    kind: str
    code: str
    output: str | None
    line: int


def sections(text: str, parted_by: Container[str]) -> Iterator[list[Snippet]]:
    """The listings of a text, parted where these headings stand: what one listing of a part
    defines, the next may use."""
    tokens = MarkdownIt("commonmark").parse(_without_front_matter(text))
    found: list[Snippet] = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag in parted_by:
            yield found
            found = []
        if token.type == "fence" and token.info in ("python", "pycon"):
            found.append(_snippet(token, tokens[place + 1 : place + 2]))
    yield found


def _without_front_matter(text: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)


def _snippet(token: Token, after: list[Token]) -> Snippet:
    output = next((t.content for t in after if t.type == "fence" and t.info == "text"), None)
    return Snippet(token.info, token.content, output, (token.map or [0])[0] + 1)


def run(snippets: list[Snippet]) -> list[str]:
    """Runs listings one after the other; what was wrong, in words."""
    names: dict[str, Any] = {}
    faults = []
    for snippet in snippets:
        if "input(" in snippet.code:
            compile(snippet.code, "listing", "exec")
        elif snippet.kind == "pycon":
            faults += _checked(snippet, names)
        elif (printed := output_of(snippet.code, names)) != tidy(snippet.output or printed):
            faults.append(f"line {snippet.line} prints {printed!r}, not {snippet.output!r}")
    return faults


def _checked(snippet: Snippet, names: dict[str, Any]) -> list[str]:
    test = doctest.DocTestParser().get_doctest(snippet.code, names, "listing", None, snippet.line)
    said: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=OPTIONS).run(
        test, out=said.append, clear_globs=False
    )
    names.update(test.globs)
    return said


def output_of(code: str, names: dict[str, Any] | None = None) -> str:
    """What a program prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "listing", "exec"), {} if names is None else names)
    return tidy(out.getvalue())


def tidy(text: str) -> str:
    """Without spaces at the lines' ends and empty lines at the end."""
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))
