"""PDFs as teachers upload them, for the tests: many pages of prose, one fact that stands once.

    handbook, fact = handbook_with_fact(pages=36, page=17, seed=3)

The same seed gives the same file. Text is Latin-1 (the standard fonts of PDF).
"""

import io
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

PAGE = (420.0, 595.0)
MARGIN, TOP, LEADING, SIZE = 52.0, 530.0, 15.0, 10.5
WIDTH = PAGE[0] - 2 * MARGIN
PARAGRAPHS = 4

_THINGS = ("tide gauge", "signal lamp", "harbour crane", "chart table", "rope walk", "dry dock")
_PEOPLE = ("the harbour master", "a pilot", "the keeper", "an apprentice", "the surveyor")
_VERBS = ("checks", "describes", "repairs", "measures", "draws", "records")
_TIMES = ("every morning", "before the tide turns", "in the winter months", "twice a year")
_REASONS = (
    "because salt water wears it down",
    "so that ships can rely on it at night",
    "although few visitors ever see it",
    "since the old records are incomplete",
    "which takes longer than one would expect",
)
_OBJECTS = ("sextant", "bell", "compass", "lantern", "anchor", "barometer", "chronometer")
_METALS = ("brass", "bronze", "iron", "copper", "silver")
_PLACES = ("Port Ellery", "Saint Orm", "Kestrel Bay", "Lower Quill", "Marrow Point")


@dataclass(frozen=True)
class Fact:
    """A sentence that stands on one page only, a question that asks for it, and the answer."""

    sentence: str
    question: str
    answer: str
    page: int


def random_fact(page: int, seed: int = 0) -> Fact:
    """A fact that nobody can know but from the page, such as what a sextant weighs in grams."""
    draw = random.Random(f"fact {seed}")
    thing = f"{draw.choice(_METALS)} {draw.choice(_OBJECTS)} of {draw.choice(_PLACES)}"
    grams = f"{draw.randrange(1_100, 9_900):,}"
    return Fact(
        sentence=f"The {thing} weighs exactly {grams} grams.",
        question=f"How many grams does the {thing} weigh?",
        answer=grams,
        page=page,
    )


def handbook_with_fact(pages: int = 36, page: int = 17, seed: int = 0) -> tuple[bytes, Fact]:
    """A PDF of so many pages, and the fact on one of them (counted from 1)."""
    fact = random_fact(page, seed)
    return handbook(pages, seed=seed, sentences={page: fact.sentence}), fact


def handbook(
    pages: int,
    *,
    seed: int = 0,
    sentences: Mapping[int, str] | None = None,
    title: str = "A handbook of the harbour",
) -> bytes:
    """A PDF of prose; `sentences` puts a sentence of its own into the middle of a page."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=PAGE, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    for number in range(1, pages + 1):
        draw = random.Random(f"{seed} {number}")
        heading = f"{number}. On the {draw.choice(_THINGS)}"
        canvas.bookmarkPage(str(number))
        canvas.addOutlineEntry(heading, str(number))
        _page(canvas, heading, _paragraphs(draw, (sentences or {}).get(number)))
        canvas.setFont("Helvetica", 8)
        canvas.drawCentredString(PAGE[0] / 2, 30, str(number))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _page(canvas: Canvas, heading: str, paragraphs: Iterator[str]) -> None:
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(MARGIN, TOP, heading)
    y = TOP - 2 * LEADING
    canvas.setFont("Times-Roman", SIZE)
    for paragraph in paragraphs:
        for line in _lines(paragraph):
            canvas.drawString(MARGIN, y, line)
            y -= LEADING
        y -= LEADING / 2


def _paragraphs(draw: random.Random, extra: str | None) -> Iterator[str]:
    for number in range(PARAGRAPHS):
        texts = [_sentence(draw) for _ in range(draw.randint(3, 4))]
        if extra and number == PARAGRAPHS // 2:
            texts.insert(1, extra)
        yield " ".join(texts)


def _sentence(draw: random.Random) -> str:
    who, verb, thing = draw.choice(_PEOPLE), draw.choice(_VERBS), draw.choice(_THINGS)
    when, why = draw.choice(_TIMES), draw.choice(_REASONS)
    parts = draw.choice(
        (
            f"{who} {verb} the {thing} {when}, {why}.",
            f"{when}, {who} {verb} the {thing}, {why}.",
            f"{who} {verb} what is left of the {thing} {when}.",
        )
    )
    return parts[0].upper() + parts[1:]


def _lines(paragraph: str) -> Iterator[str]:
    line = ""
    for word in paragraph.split():
        longer = f"{line} {word}" if line else word
        if line and stringWidth(longer, "Times-Roman", SIZE) > WIDTH:
            yield line
            longer = word
        line = longer
    yield line
