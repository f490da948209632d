"""Markdown that leaves formulas as they are written; the browser sets them (frontend/math.js).

Without this, Markdown reads the backslash of \\( as an escape and a * between two factors as
emphasis. What counts as a formula is decided by frontend/formulas.js; here it is enough to be near.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import escape

_LONGEST = 2_000
_INLINE = re.compile(
    r"""\$\$ (?P<display>(?:[^$\\]|\\.)+?) \$\$ (?!\$)
    | (?<![\w$]) \$ (?![\s$]) (?P<dollars>(?:[^$\\`]|\\.)+?) (?<!\s) \$ (?![$\d])
    | \\\[ (?P<brackets>(?:\\\\|\\(?![\[\]\\])|[^\\])+?) \\\]
    | \\\( (?P<parentheses>(?:\\\\|\\(?![()\\])|[^\\])+?) \\\)""",
    re.VERBOSE | re.DOTALL,
)
_BLOCK = {"$$": re.compile(r"\$\$[.,;:]?\s*$"), "\\[": re.compile(r"\\\][.,;:]?\s*$")}
_SIGN = re.compile(r"[\\^_=+<>|/*≤≥≠≈∈√×·÷±→∞-]")
_COMMAND = re.compile(r"\\[a-zA-Z]+\*?(?:\s*\{[^{}]*\})?")
_PROSE = re.compile(r"[^\W\d_]{2,}[,;:.]?\s+[^\W\d_]{2,}")
_AMOUNT = re.compile(r"\s*\d.*?[^\W\d_]{3,}", re.DOTALL)
_WORD = re.compile(r"\s*[^\W\d_]{4,}\s*")


def keep_formulas(markdown: MarkdownIt) -> None:
    """A plugin: `MarkdownIt().use(keep_formulas)`. Tokens `formula` and `formula_block`."""
    markdown.inline.ruler.before("escape", "formula", _inline)
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    markdown.block.ruler.before("fence", "formula_block", _block, interrupts)
    markdown.add_render_rule("formula", _renders("{}"))
    markdown.add_render_rule("formula_block", _renders("<p>{}</p>\n"))


def _renders(pattern: str) -> Callable[..., str]:
    def render(_renderer: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return pattern.format(escape(tokens[index].content))

    return render


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = _INLINE.match(state.src, state.pos, min(state.posMax, state.pos + _LONGEST))
    if found is None or not _is_formula(found):
        return False
    if not silent:
        state.push("formula", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _is_formula(found: re.Match[str]) -> bool:
    kind = found.lastgroup
    content = found[kind or 0]
    bare = _COMMAND.sub(" ", content)
    if re.search(r"\n\s*\n", content) or _PROSE.search(bare) or _AMOUNT.match(bare):
        return False
    if kind == "brackets":
        return _SIGN.search(content) is not None
    return kind != "parentheses" or _WORD.fullmatch(content) is None


def _block(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """Lines from $$ or \\[ to its partner at a line's end; a blank line ends the search."""
    line = _line(state, first)
    closing = _BLOCK.get(line[:2])
    if closing is None or state.is_code_block(first):
        return False
    last = first
    while not closing.search(line if last > first else line[2:]):
        last += 1
        if last >= end or state.isEmpty(last) or state.sCount[last] < state.blkIndent:
            return False
        line = _line(state, last)
    text = state.getLines(first, last + 1, state.blkIndent, False).strip()
    found = _INLINE.match(text)
    if found is None or text[found.end() :].strip(".,;: \n") or not _is_formula(found):
        return False
    if not silent:
        state.line = last + 1
        token = state.push("formula_block", "", 0)
        token.content, token.map = text, [first, state.line]
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
