"""The reader's look: page, fonts, colours, paragraph styles. Lengths are in points."""

from pathlib import Path

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONTS = Path(__file__).parents[2] / "app" / "demo" / "sources" / "fonts"

PAGE = (176 * mm, 250 * mm)
LEFT = RIGHT = 21 * mm
TOP, BOTTOM = 20 * mm, 18 * mm
WIDTH = PAGE[0] - LEFT - RIGHT

INK, SOFT = HexColor("#1b2426"), HexColor("#536064")
ACCENT, TINT = HexColor("#0e5964"), HexColor("#e3f0f1")
WASH, LINE = HexColor("#f3f6f6"), HexColor("#d6dddd")

SERIF, SANS, MONO = "Serif", "Sans", "Mono"
_FILES = {
    "Serif": "source-serif-4-400-normal",
    "Serif-Bold": "source-serif-4-600-normal",
    "Serif-Italic": "source-serif-4-400-italic",
    "Sans": "source-sans-3-400-normal",
    "Sans-Bold": "source-sans-3-600-normal",
    "Mono": "source-code-pro-400-normal",
    "Mono-Bold": "source-code-pro-600-normal",
}

CODE_SIZE, CODE_LEADING, CODE_PADDING = 8.6, 11.6, 8


def register_fonts() -> None:
    """Make the fonts known; they are embedded with the characters that are used."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{file}.ttf")))
    for family in (SERIF, SANS, MONO):
        pdfmetrics.registerFontFamily(
            family,
            normal=family,
            bold=f"{family}-Bold",
            italic=f"{family}-Italic" if family == SERIF else family,
            boldItalic=f"{family}-Bold",
        )


def _style(name: str, **given: object) -> ParagraphStyle:
    values = {"fontName": SERIF, "fontSize": 10.2, "leading": 13.8, "textColor": INK, **given}
    return ParagraphStyle(name, **values)


BODY = _style("body", spaceAfter=6)
ITEM = _style("item", spaceAfter=3, leftIndent=15, bulletIndent=3)
CHAPTER_NUMBER = _style(
    "number", fontName="Sans-Bold", fontSize=10, leading=13, textColor=ACCENT, spaceAfter=2
)
CHAPTER = _style("chapter", fontName="Serif-Bold", fontSize=23, leading=27, spaceAfter=12)
SECTION = _style(
    "section", fontName="Sans-Bold", fontSize=12.2, leading=15, spaceBefore=8, spaceAfter=4
)
CELL = _style("cell", fontSize=9.2, leading=11.8)
HEAD = _style("head", fontName="Sans-Bold", fontSize=8.6, leading=11.5, textColor=SOFT)
NOTE = _style("note", fontSize=9.6, leading=13.2)
CAPTION = _style("caption", fontName=SANS, fontSize=9, leading=12.4, textColor=SOFT)
TITLE = _style("title", fontName="Serif-Bold", fontSize=34, leading=38, spaceAfter=8)
SUBTITLE = _style("subtitle", fontSize=14, leading=20, textColor=SOFT, spaceAfter=26)
CONTENTS_CHAPTER = _style("toc1", fontName="Sans-Bold", fontSize=10.4, leading=14)
CONTENTS_SECTION = _style("toc2", fontName=SANS, fontSize=9.2, leading=13, textColor=SOFT)
SMALL = _style("small", fontName=SANS, fontSize=8.6, leading=12, textColor=SOFT)


def inline_code(size: float) -> str:
    """The format of code in running text of this size."""
    return f'<font name="{MONO}" size="{size * 0.9:.1f}">{{}}</font>'
