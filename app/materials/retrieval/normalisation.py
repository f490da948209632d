"""Folds text and questions alike, before PostgreSQL makes search terms of them.

Only what readers mean as the same is folded: case, Latin accents, Arabic short vowels, full-width
forms. Other marks stay: without them Russian й and Hindi vowels would become other letters.
Scripts that set no spaces between words become overlapping pairs of characters.
"""

import re
import unicodedata

_WIDE_SCRIPTS = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Japanese
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Han
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
)
RUN_WITHOUT_SPACES = re.compile(f"[{_WIDE_SCRIPTS}]+")
# Short vowels and doubling (tashkil), superscript alef, and the stretching line (tatweel).
_ARABIC_VOWELS = re.compile("[\u064b-\u0652\u0670\u0640]")
_ACCENT_ON_LATIN = re.compile("([a-z])[\u0300-\u036f]+")
_NOT_DECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe"}
    | {"þ": "th", "ŧ": "t"}
)
_NAMED_BY_MARKS = re.compile(r"(?<!\w)([a-z])(\+\+|#)(?!\w)")
_NAMES = {"++": "plusplus", "#": "sharp"}


def fold(text: str) -> str:
    """Words of letters and digits in lower case, with single spaces between them."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = _NAMED_BY_MARKS.sub(lambda m: m.group(1) + _NAMES[m.group(2)], text)
    if not text.isascii():
        text = text.translate(_NOT_DECOMPOSED)
        text = _ACCENT_ON_LATIN.sub(r"\1", unicodedata.normalize("NFD", text))
        text = unicodedata.normalize("NFC", _ARABIC_VOWELS.sub("", text))
        text = RUN_WITHOUT_SPACES.sub(_pairs, text)
    return " ".join(text.translate(_PARTED).split())


class _Parted(dict[int, str]):
    """Letters, digits and the marks that belong to letters; everything else parts words. A table
    for `str.translate` that grows with the characters it meets."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = character if character.isalnum() or _is_mark(character) else " "
        return self[code]


def _is_mark(character: str) -> bool:
    return character > "\u02ff" and unicodedata.category(character) in ("Mn", "Mc")


_PARTED = _Parted()


def _pairs(match: re.Match[str]) -> str:
    run = match.group()
    if len(run) == 1:
        return f" {run} "
    return " " + " ".join(run[i : i + 2] for i in range(len(run) - 1)) + " "
