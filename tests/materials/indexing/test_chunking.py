"""Pages into chunks: nothing lost, order kept, pages and headings respected."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.materials.indexing.chunking import FEWEST, MOST, ChunkDraft, chunk_pages
from app.materials.indexing.tokens import estimate_tokens
from app.materials.readers.page import Page, Section
from app.materials.retrieval.passages import page_at

words = st.sampled_from(
    "alpha beta gamma, delta. Epsilon\n zeta\n\n eta 42 `code` 人工智能 é # -".split(" ")
)
texts = st.lists(words, max_size=400).map(" ".join)
headings = st.none() | st.sampled_from(["One", "One › Two", "Three"])


@st.composite
def page_lists(draw: st.DrawFn) -> list[Page]:
    contents = draw(st.lists(st.tuples(texts, headings), max_size=8))
    pages = []
    for number, (text, heading) in enumerate(contents, start=1):
        offsets = draw(st.lists(st.integers(0, len(text)), max_size=2, unique=True))
        sections = tuple(Section(offset, f"S{offset}") for offset in sorted(offsets))
        pages.append(Page(number, text, heading=heading, sections=sections))
    return pages


def solid(text: str) -> str:
    return "".join(text.split())


@given(page_lists(), st.booleans())
def test_nothing_is_lost_and_the_order_is_kept(pages: list[Page], markdown: bool) -> None:
    chunks = chunk_pages(pages, markdown=markdown)
    assert solid("".join(c.content for c in chunks)) == solid("".join(p.text for p in pages))
    assert [c.index for c in chunks] == list(range(len(chunks)))


@given(page_lists(), st.booleans())
def test_every_chunk_knows_its_pages(pages: list[Page], markdown: bool) -> None:
    chunks = chunk_pages(pages, markdown=markdown)
    for chunk in chunks:
        assert 1 <= chunk.start_page <= chunk.end_page <= len(pages)
        assert len(chunk.page_starts) == chunk.end_page - chunk.start_page + 1
        assert list(chunk.page_starts) == sorted(chunk.page_starts) and chunk.page_starts[0] == 0
        for number, part in parts_by_page(chunk):
            assert solid(part) in solid(pages[number - 1].text)
    for before, after in pairwise(chunks):
        assert before.end_page <= after.start_page


def parts_by_page(chunk: ChunkDraft) -> list[tuple[int, str]]:
    ends = [*chunk.page_starts[1:], len(chunk.content)]
    return [
        (chunk.start_page + i, chunk.content[start:end])
        for i, (start, end) in enumerate(zip(chunk.page_starts, ends, strict=True))
    ]


@given(page_lists())
def test_chunks_are_short_enough_for_the_model(pages: list[Page]) -> None:
    for chunk in chunk_pages(pages):
        assert chunk.token_count == estimate_tokens(chunk.content) <= 2 * MOST
        assert chunk.content.strip()


def test_a_long_page_becomes_chunks_of_the_wanted_size() -> None:
    page = Page(1, " ".join(f"Sentence number {n} is about something else." for n in range(200)))
    counts = [chunk.token_count for chunk in chunk_pages([page])]
    assert len(counts) > 5
    assert all(FEWEST * 0.7 <= count <= MOST * 1.1 for count in counts[:-1])


def test_small_slides_go_together_until_they_are_worth_finding() -> None:
    slides = [Page(n, f"Slide {n}\n\n" + "point " * 48, heading=f"Slide {n}") for n in range(1, 7)]
    chunks = chunk_pages(slides)
    assert [(c.start_page, c.end_page) for c in chunks] == [(1, 3), (4, 6)]
    first = chunks[0]
    offsets = (first.content.index("Slide 2"), len(first.content) - 1)
    assert [page_at(1, first.page_starts, offset) for offset in offsets] == [2, 3]


def test_a_heading_begins_a_new_chunk_and_gives_it_its_name() -> None:
    first, second = "about loops " * 70, "Lists\n" + "about lists " * 70
    page = Page(1, first + second, heading="Loops", sections=(Section(len(first), "Lists"),))
    assert [chunk.heading for chunk in chunk_pages([page])] == ["Loops", "Lists"]


def test_a_long_page_does_not_swallow_the_next_one() -> None:
    pages = [Page(1, "one " * 150), Page(2, "two " * 150)]
    assert [(c.start_page, c.end_page) for c in chunk_pages(pages)] == [(1, 1), (2, 2)]


def test_code_in_markdown_stays_whole() -> None:
    code = "```python\n" + "\n".join(f"x{n} = {n}" for n in range(14)) + "\n```"
    text = ("Words before it. " * 40) + "\n\n" + code + "\n\n" + ("Words after it. " * 40)
    assert any(code in chunk.content for chunk in chunk_pages([Page(1, text)], markdown=True))


def test_pages_by_offset() -> None:
    assert [page_at(4, (0, 10, 10), offset) for offset in (0, 9, 10, 50)] == [4, 4, 6, 6]
    assert page_at(4, (), 3) == 4
