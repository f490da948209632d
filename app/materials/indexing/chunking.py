"""Splits pages into chunks: stretches of one subject, short enough to be found and quoted.

A chunk stays within its page and its heading. Only what is too small to be found alone (a slide, a
page's last lines) goes together with its neighbour; the chunk then knows where each page begins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from semantic_text_splitter import MarkdownSplitter, TextSplitter

from app.materials.indexing.tokens import Counter, estimate_tokens
from app.materials.readers.page import Page

FEWEST = 120
MOST = 220
# So little is never left alone: a title, a running head, a page's last line.
TINY = 30
BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A chunk before it is stored: `index` from 0, pages from 1, both inclusive.

    `page_starts[i]` is where the text of page `start_page + i` begins in `content`.
    """

    index: int
    content: str
    start_page: int
    end_page: int
    heading: str | None
    token_count: int
    page_starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    tokens: int
    page: int
    end_page: int
    heading: str | None
    starts: tuple[int, ...] = (0,)
    heaviest: int = 0


def chunk_pages(
    pages: Iterable[Page], *, markdown: bool = False, count: Counter = estimate_tokens
) -> list[ChunkDraft]:
    """All text of `pages`, in order, in chunks of about `FEWEST` to `MOST` tokens.

    `count` tells the tokens of a text; `markdown` keeps code blocks, lists and tables whole.
    Tables of contents are left out: they would be found for everything and answer nothing.
    """
    return [
        ChunkDraft(i, p.text, p.page, p.end_page, p.heading, p.tokens, p.starts)
        for i, p in enumerate(_together(_pieces(pages, markdown, count), count))
    ]


def _pieces(pages: Iterable[Page], markdown: bool, count: Counter) -> Iterator[_Piece]:
    for page in pages:
        if page.is_contents:
            continue
        for heading, text in _parts(page):
            for piece in _split(text, markdown, count):
                tokens = count(piece)
                yield _Piece(piece, tokens, page.number, page.number, heading, heaviest=tokens)


def _parts(page: Page) -> Iterator[tuple[str | None, str]]:
    """The page cut where a heading stands in it."""
    begin, heading = 0, page.heading
    for section in page.sections:
        yield heading, page.text[begin : section.offset]
        begin, heading = section.offset, section.heading
    yield heading, page.text[begin:]


def _split(text: str, markdown: bool, count: Counter) -> list[str]:
    text = text.strip("\n").rstrip()
    if not text.strip():
        return []
    tokens = count(text)
    if tokens <= MOST:
        return [text]
    # Sizes in characters, at this text's own rate: cheaper than counting each try's tokens.
    rate = len(text) / tokens
    parts = -(-tokens // MOST)
    even = max(tokens / parts, FEWEST)
    capacity = (max(int(even * 0.8 * rate), 1), max(int(MOST * rate), 2))
    splitter = MarkdownSplitter(capacity) if markdown else TextSplitter(capacity)
    return [piece for piece in splitter.chunks(text) if piece.strip()]


def _together(pieces: Iterable[_Piece], count: Counter) -> Iterator[_Piece]:
    current: _Piece | None = None
    for piece in pieces:
        if current is None:
            current = piece
        elif _belong_together(current, piece):
            current = _joined(current, piece, count)
        else:
            yield current
            current = piece
    if current is not None:
        yield current


def _belong_together(a: _Piece, b: _Piece) -> bool:
    if a.tokens + b.tokens > MOST:
        return False
    if min(a.tokens, b.tokens) < TINY:
        return True
    if a.end_page == b.page and a.heading == b.heading:
        return min(a.tokens, b.tokens) < FEWEST
    return max(a.tokens, b.tokens) < FEWEST


def _joined(a: _Piece, b: _Piece, count: Counter) -> _Piece:
    """One piece of two; its heading is that of the largest piece in it."""
    text = a.text + BETWEEN + b.text
    begin = len(a.text) + len(BETWEEN)
    # A page without text begins where the next one does.
    starts = a.starts + (begin,) * (b.page - a.end_page)
    heading, heaviest = a.heading, a.heaviest
    if b.tokens > heaviest:
        heading, heaviest = b.heading, b.tokens
    return replace(
        a,
        text=text,
        tokens=count(text),
        end_page=b.end_page,
        heading=heading,
        starts=starts,
        heaviest=heaviest,
    )
