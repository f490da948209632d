"""The sentence of a passage that is shown in a list of what was found. Pure.

The line that holds most of the question leads to it; what a person reads is the whole sentence
around that line, without the marks of Markdown. A title tells what the sentences under it are
about and is shown alone only where there are none.
"""

import re
from collections.abc import Sequence

from app.materials.retrieval.passages import Passage
from app.materials.retrieval.plain import plain
from app.materials.retrieval.sentences import (
    LONGEST_TITLE,
    NUMBERED_TITLE,
    RUNNING_HEAD,
    Unit,
    split,
)
from app.materials.retrieval.snippets import (
    LONGEST,
    Line,
    Looked,
    Snippet,
    Weights,
    first_mark,
    mark,
)

UNDER_TITLE = 0.5
"""Of what a title holds of the question, so much counts for the sentence right under it."""
CODE = 0.8
"""A line of code is a little less than a sentence that holds as much."""
AROUND = LONGEST
"""Characters before and after the line that its sentence is looked for in."""

_ENDS = (".", "!", ":", ";", ",", "。")
_FENCE = ("```", "~~~")
_RULE_BELOW = re.compile(r"[ \t]*\n[ \t]*\|[|: -]+\|[ \t]*(?:\n|$)")
"""What comes after the head of a table."""
_NUMBER = re.compile(r"\d+(?:\.\d+)*\.?\s+")
_NO_WORDS = re.compile(r"[\W\d_]*$")


def snippet_of(passage: Passage, weights: Weights, looked: Looked) -> Snippet:
    """The sentence that meets the question best, the question's words marked in it."""
    start, end, is_code = _best_line(passage, looked.lines)
    share = looked.share
    unit = _sentence_around(passage, start, end)
    if is_code or unit.kind == "code":
        begin, text = _cut(passage.content[start:end], weights)
        return Snippet(text, start + begin, mark(text, weights), share, is_code=True)
    text = plain(unit.text, is_markdown=passage.is_markdown) or unit.text
    begin, text = _cut(text, weights)
    return Snippet(text, unit.offset + begin, mark(text, weights), share)


def _best_line(passage: Passage, lines: Sequence[Line]) -> tuple[int, int, bool]:
    """Where the best line or sentence stands, and whether it is code; a title if there is no
    other."""
    content, titles = passage.content, _titles(passage)
    best, most = (0, min(len(content), LONGEST), False), -1.0
    title, title_held, under = None, -1.0, 0.0
    in_code = False
    for start, end, held in lines:
        text = content[start:end]
        if text.startswith(_FENCE):
            in_code = not in_code
            continue
        if _NO_WORDS.match(text):
            continue
        if not in_code and (_is_title(text, titles) or _RULE_BELOW.match(content, end)):
            if held > title_held:
                title, title_held = (start, end, False), held
            under = UNDER_TITLE * held
            continue
        worth = CODE * held if in_code else held + under
        under = 0.0
        if worth > most:
            best, most = (start, end, in_code), worth
    return title if title and most < 0 else best


def _titles(passage: Passage) -> set[str]:
    """The headings that it stands under, and short lines that begin a page."""
    titles = {_bare(part) for part in (passage.heading or "").split(" › ")}
    for start in passage.page_starts:
        line = passage.content[start : start + LONGEST_TITLE + 1].lstrip().partition("\n")[0]
        if len(line) <= LONGEST_TITLE and not line.endswith(_ENDS):
            titles.add(_bare(line))
    return titles


def _is_title(text: str, titles: set[str]) -> bool:
    if text.startswith("#") or NUMBERED_TITLE.match(text) or RUNNING_HEAD.match(text):
        return True
    return _bare(text) in titles


def _bare(text: str) -> str:
    return _NUMBER.sub("", plain(text, is_markdown=False), count=1).casefold()


def _sentence_around(passage: Passage, start: int, end: int) -> Unit:
    """The sentence that the line at `start` is of: looked for in its paragraph alone."""
    content = passage.content
    begin = content.rfind("\n\n", max(start - AROUND, 0), start)
    begin = begin + 2 if begin >= 0 else content.rfind(" ", 0, max(start - AROUND, 0)) + 1
    stop = content.find("\n\n", end, end + AROUND)
    stop = stop if stop >= 0 else end + AROUND
    found = Unit(" ".join(content[start:end].split()), start, "sentence")
    for unit in split(content[begin:stop], is_wrapped=passage.is_wrapped):
        if begin + unit.offset > start:
            break
        found = Unit(unit.text, begin + unit.offset, unit.kind)
    return found


def _cut(text: str, weights: Weights) -> tuple[int, str]:
    """A sentence that is too long begins shortly before its first word of the question."""
    if len(text) <= LONGEST:
        return 0, text
    first = first_mark(text, weights)
    start = 0
    if first > LONGEST // 2:
        start = max(text.rfind(" ", 0, first - LONGEST // 4) + 1, 0)
    end = start + LONGEST
    if end < len(text):
        space = text.rfind(" ", start + LONGEST // 2, end)
        end = space if space > 0 else end
    return start, text[start:end]
