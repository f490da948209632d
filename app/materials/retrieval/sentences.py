"""Takes a passage apart into sentences, code and titles. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.materials.retrieval.plain import MARKUP, is_row

Kind = Literal["sentence", "code", "title"]

_FENCE = re.compile(r"^\s*(```|~~~)")
# One set of characters first: the search for it is quick.
SENTENCE_END = re.compile(r"[.!?。！？](?:(?<=[。！？])|[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[^\Wa-z_]))")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|Fig|Figs|Eq|Dr|Mr|Mrs|Ms|Prof|No|p|pp|ch|Sec|z\.B|bzw|ca|St)|"
    r"\b[A-Z]|^\d{1,2})\.$"
)
_CODE = re.compile(
    r"""^\s*(?:
    >>>|\.\.\.\s|\$\s\S|\#include\b|
    (?:from\s+[\w.]+\s+)?import\s+[\w.*{]|
    (?:def|class|function|func|fn|struct)\s+\w+.*[({:]\s*$|def\s+\w+\(|
    (?:for|while|if|elif|with|switch|catch|except)\b.*[:{]\s*$|(?:else|try|finally)\s*[:{]\s*$|
    (?:return|const|let|var|public|private|static|void|int|float|double|char)\s+[\w<\[].*[;=({]|
    print\s*\(.*\)\s*;?\s*$|
    [A-Za-z_][\w.\[\]'"]*\s*(?:[-+*/|&:]?=)(?!=)\s*\S+(?:\s\S+){0,7}$|
    [A-Za-z_][\w.]*\(.*\)\s*;?\s*$|
    \[.*\]$|\{.*\}$|.*[;{}]\s*$|(?:['"][^'"\s]+['"],\s*){2}|
    (?:SELECT|INSERT|UPDATE|DELETE|CREATE)\s+\S+.*
    )""",
    re.VERBOSE,
)
_PROSE_END = re.compile(r"[.!?]$")
RUNNING_HEAD = re.compile(r"^(?:\d+\s+CHAPTER\b.*|\d+(?:\.\d+)+\.?\s+[A-Z \d]+|[A-Z][A-Z \d.]+\d)$")
_TABLE_RULE = re.compile(r"^[|:\s-]+$")
NUMBERED_TITLE = re.compile(r"^\d+(?:\.\d+)+\.?\s+[^.?!:]{3,70}$")

LONGEST_ABBREVIATION = 8
LONGEST_TITLE = 70
LONGEST_OUTPUT = 70
MOST_WORDS_OF_OUTPUT = 8
WRAPPED_LINE = 45
"""A prose line this long that ends no sentence goes on in the next one; a shorter one goes on in an
indented one, as items of lists do."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, a run of code lines or a title; `offset` is where it begins in the text."""

    text: str
    offset: int
    kind: Kind


def split(text: str, *, is_wrapped: bool = False) -> list[Unit]:
    """The units of a passage in order; code keeps its lines.

    `is_wrapped`: paragraphs may go over several lines, so that a capital at a line's beginning
    need not begin a sentence.
    """
    units: list[Unit] = []
    for kind, offset, lines in _runs(text):
        if kind == "code":
            code = "\n".join(lines).strip("\n")
            units += [Unit(code, offset, "code")] if code.strip() else []
        else:
            units += _prose("\n".join(lines), offset, is_wrapped)
    return _without_rules(units)


def _without_rules(units: Sequence[Unit]) -> list[Unit]:
    """The line under a table's head says which row that is, and nothing else."""
    kept: list[Unit] = []
    for unit in units:
        if not (is_row(unit.text) and _TABLE_RULE.match(unit.text)):
            kept.append(unit)
        elif kept and is_row(kept[-1].text):
            kept[-1] = replace(kept[-1], kind="title")
    return kept


def _runs(text: str) -> Iterator[tuple[Kind, int, list[str]]]:
    """Stretches of code and of prose; a blank line ends a stretch of prose."""
    kind: Kind = "sentence"
    begin, lines, offset, fenced = 0, list[str](), 0, False
    for line in text.split("\n"):
        is_fence = bool(_FENCE.match(line))
        is_code = fenced or is_fence or _looks_like_code(line, kind) or _is_output(line, lines)
        here: Kind = "code" if is_code else "sentence"
        ends = is_fence or here != kind or (not line.strip() and here == "sentence")
        if ends and lines:
            yield kind, begin, lines
            lines = []
        fenced = fenced != is_fence
        if not is_fence and (line.strip() or lines):
            begin = begin if lines else offset
            lines.append(line)
        kind = here
        offset += len(line) + 1
    if lines:
        yield kind, begin, lines


def _looks_like_code(line: str, before: Kind) -> bool:
    if not line.strip():
        return before == "code"
    if _PROSE_END.search(line) and len(line.split()) > 6 and not line.startswith((">>>", "    ")):
        return False
    return bool(_CODE.match(line))


def _is_output(line: str, before: list[str]) -> bool:
    """Whether the line is what an interpreter answered to a prompt above it."""
    at_prompt = bool(before) and before[0].startswith(">>>") and bool(before[-1].strip())
    is_short = len(line) <= LONGEST_OUTPUT and len(line.split()) <= MOST_WORDS_OF_OUTPUT
    is_prose = _PROSE_END.search(line) or NUMBERED_TITLE.match(line) or line.startswith("#")
    return at_prompt and is_short and bool(line.strip()) and not is_prose


def _prose(text: str, offset: int, is_wrapped: bool) -> Iterator[Unit]:
    begin, buffer = 0, ""
    position = 0
    for line in text.split("\n"):
        stripped = line.strip()
        goes_on = buffer and not _starts_anew(buffer, line, is_wrapped)
        if buffer and not goes_on:
            yield from _sentences(buffer, offset + begin)
            buffer = ""
        if stripped:
            begin = begin if buffer else position + len(line) - len(line.lstrip())
            buffer = buffer + "\n" + line if buffer else line.lstrip()
        position += len(line) + 1
    if buffer:
        yield from _sentences(buffer, offset + begin)


def _starts_anew(buffer: str, line: str, is_wrapped: bool) -> bool:
    """Whether `line` begins a new paragraph, not the rest of a wrapped one."""
    last = buffer.rsplit("\n", 1)[-1]
    if MARKUP.match(line) or last.lstrip().startswith("#") or NUMBERED_TITLE.match(last):
        return True
    if is_row(line.lstrip()) or is_row(last.lstrip()):
        return True
    if line.lstrip()[:1].islower() or last.rstrip().endswith((",", "(", "[", "{", "–", "&")):
        return False
    return not is_wrapped or (len(last) < WRAPPED_LINE and not line.startswith("  "))


def _sentences(paragraph: str, offset: int) -> Iterator[Unit]:
    if is_row(paragraph):
        yield Unit(" ".join(paragraph.split()), offset, "sentence")
        return
    begin = 0
    for match in SENTENCE_END.finditer(paragraph):
        dot = match.start() + 1
        if _ABBREVIATION.search(paragraph, max(begin, dot - LONGEST_ABBREVIATION), dot):
            continue
        yield _unit(paragraph[begin : match.end()], offset + begin)
        begin = match.end()
    if paragraph[begin:].strip():
        yield _unit(paragraph[begin:], offset + begin)


def _unit(text: str, offset: int) -> Unit:
    clean = " ".join(text.split())
    is_short = len(clean) <= LONGEST_TITLE and not re.search(r"[.!?。！？:;,]$", clean)
    is_title = is_short or clean.startswith("#") or RUNNING_HEAD.match(clean)
    return Unit(clean, offset, "title" if is_title else "sentence")
