"""Marks quotations in safe HTML, as a pen would: by their letters, whatever stands between them.

The same rule as the page reader's (`frontend/quotes.js`): letters and digits alone are compared, in
lower case and without marks; a quotation that does not stand there whole is found by its longest
runs of words.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

LEAST_LETTERS = 12
LEAST_WORDS = 3

_TAG = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^'">])*>""")
_UNIT = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);|.", re.S)
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": " "}

Span = tuple[int, int]


def mark(html: str, quotes: Sequence[str]) -> str:
    """`html` with `<mark>` around each place that holds a quotation; unchanged where none does."""
    letters, origin = _letters_of(html)
    spans = [span for quote in quotes for span in find(letters, quote)]
    places = sorted({origin[i] for start, end in spans for i in range(start, end)})
    return _wrapped(html, _joined(html, places))


def reduce(text: str) -> str:
    """Letters and digits of `text`, in lower case and without marks."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LN").lower()


def find(letters: str, quote: str) -> list[Span]:
    """Where in `letters` (reduced text) the quotation stands, whole or in runs of its words."""
    whole = reduce(quote)
    if not whole:
        return []
    at = letters.find(whole)
    if at >= 0:
        return [(at, at + len(whole))]
    words = [word for word in map(reduce, quote.split()) if word]
    return list(_runs(letters, words, 0))


def _runs(letters: str, words: Sequence[str], shift: int) -> Iterator[Span]:
    """The longest run of consecutive words that stands there, then the same before and after it."""
    best = (0, 0, 0, 0)  # length, first word, word after the last, place
    for first in range(len(words)):
        run = ""
        for last in range(first, len(words)):
            run += words[last]
            at = letters.find(run)
            if at < 0:
                break
            if len(run) > best[0]:
                best = (len(run), first, last + 1, at)
    length, first, after, at = best
    if length < LEAST_LETTERS or after - first < LEAST_WORDS:
        return
    yield from _runs(letters[:at], words[:first], shift)
    yield shift + at, shift + at + length
    yield from _runs(letters[at + length :], words[after:], shift + at + length)


def _letters_of(html: str) -> tuple[str, list[Span]]:
    """The reduced text of `html`, and for each letter where it stands in `html`."""
    letters: list[str] = []
    origin: list[Span] = []
    for start, end in _texts(html):
        for unit in _UNIT.finditer(html, start, end):
            reduced = reduce(_ENTITIES.get(unit.group(), unit.group()[0]))
            letters.append(reduced)
            origin += [unit.span()] * len(reduced)
    return "".join(letters), origin


def _texts(html: str) -> Iterator[Span]:
    """The stretches between tags."""
    begin = 0
    for tag in _TAG.finditer(html):
        yield begin, tag.start()
        begin = tag.end()
    yield begin, len(html)


def _joined(html: str, places: Sequence[Span]) -> list[Span]:
    """Places of letters as stretches: over what stands between them, but over no tag."""
    joined: list[Span] = []
    for start, end in places:
        if (
            joined
            and "<" not in html[joined[-1][1] : start]
            and _is_near(html, joined[-1][1], start)
        ):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _is_near(html: str, end: int, start: int) -> bool:
    """Whether only space and punctuation stand between: no letter that was not found."""
    return not reduce(re.sub(r"&\w+;", " ", html[end:start]))


def _wrapped(html: str, spans: Sequence[Span]) -> str:
    out, begin = [], 0
    for start, end in spans:
        out += [html[begin:start], "<mark>", html[start:end], "</mark>"]
        begin = end
    return "".join([*out, html[begin:]])
