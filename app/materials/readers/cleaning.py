"""Makes extracted text fit for storing, splitting and quoting."""

import re
import unicodedata

LONGEST_HEADING = 200

# PDFium marks a word broken at a line's end with U+0002 (older versions: U+FFFE) and joins it.
_BROKEN_WORD = re.compile("[\x02\ufffe\u00ad]\n?")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\u200b\ud800-\udfff\ufeff\uffff]")
_TRAILING_SPACE = re.compile(r"[ \t\xa0]+\n")
_MANY_BLANK_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Line ends as \\n, words whole, ligatures as letters, composed accents, nothing unprintable.

    NUL and lone surrogates go too: PostgreSQL refuses them.
    """
    text = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")
    )
    text = _BROKEN_WORD.sub("", text)
    text = _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = unicodedata.normalize("NFC", _CONTROL.sub("", text))
    return _MANY_BLANK_LINES.sub("\n\n", _TRAILING_SPACE.sub("\n", text)).strip("\n").rstrip()


def one_line(text: str | None) -> str | None:
    """A heading or title on one line, cut to a sane length; None if nothing is left."""
    line = _SPACES.sub(" ", clean(text or "")).strip()
    return line[:LONGEST_HEADING].rstrip() or None


def breadcrumb(titles: list[str]) -> str | None:
    """Headings from the outermost to the innermost, as one line."""
    return " › ".join(title for title in titles if title) or None
