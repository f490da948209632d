"""Estimates how many tokens a text takes, without a tokenizer or a model in memory.

Fitted to multilingual-e5-small's tokenizer: within 10 % over paragraphs of English, German,
Spanish and Russian prose, code, formulas, Chinese and Japanese.
"""

import re

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
