"""What kind of unit a sentence or piece of code is, and how fit to be shown alone. Pure."""

import re
from itertools import pairwise

from app.materials.retrieval.sentences import Unit
from app.materials.search import Passage
from app.tutor.evidence.card import KeyKind
from app.tutor.evidence.wording import terms

LONGEST_KEY = 340

_EXAMPLE = re.compile(
    r"\b(for example|for instance|e\.g\.|such as|suppose|imagine|consider (?:the|a|this)|"
    r"the following|por ejemplo|zum beispiel|z\.\s?b\.|par exemple)|\bexample\b",
    re.I,
)
_DEFINES = re.compile(
    r"\b(?:is|are) (?:an?|the|defined|any|one of)\b|\bmeans\b|\brefers? to\b|\bdenotes?\b|"
    r"\bstands for\b|\bes (?:un|una|el|la)\b|\bsignifica\b|\bist (?:ein|eine|der|die|das)\b|"
    r"\bbedeutet\b|\best (?:un|une|le|la)\b",
    re.I,
)
_CALLS = re.compile(
    r"\b(?:called|known as|named|we call (?:it|this|that|them)|se llaman?|nennt man|heißt)\b", re.I
)
_POINTS_BACK = re.compile(
    r"^(?:this|that|these|those|it|they|there|here|he|she|the (?:last|next|following|result|output)"
    r"|in (?:this|the|that))\b",
    re.I,
)
_NEEDS_ITS_CONTEXT = re.compile(r"\b(?:above|(?:this|first|second|third|last) example)\b", re.I)
_HEDGES = re.compile(r"^(?:because|if|when|while|since|although)\b", re.I)
_ASKS_WHAT = re.compile(
    r"\b(?:what (?:is|are|does|do)|what's|define|definition|meaning|qué (?:es|son|significa)|"
    r"was (?:ist|sind|bedeutet)|qu'est-ce)\b",
    re.I,
)
_LISTING = re.compile(r"(?:, \d+\b.*){3}|(?:https?://\S+\s*){2}|(?:\. ?){4}")
_WHOLE = re.compile(r"[\"'“‘«¿¡`]?[^\Wa-z_].*[.!?。！？…][\"'”’»)]*$", re.S)
_WRONG = re.compile(r"wrong|incorrect|\berror\b(?!:)", re.I)
LONGEST_CODE = 8
FAITHFUL = frozenset({"md", "docx", "pptx", "txt", "other"})
"""Files whose code comes out as it stands; a PDF loses its indentation."""


def kind_of(question: str, unit: Unit) -> KeyKind:
    """The heading that a unit belongs under, as an answer to the question."""
    if unit.kind == "code":
        return KeyKind.CODE
    if _EXAMPLE.search(unit.text):
        return KeyKind.EXAMPLE
    return KeyKind.DEFINITION if _defines(unit.text, set(terms(question))) else KeyKind.PASSAGE


def fitness(question: str, unit: Unit, following: Unit | None, passage: Passage) -> float:
    """How fit a unit is to be shown alone; over 1 for a definition that was asked for."""
    if unit.kind == "code":
        is_whole = unit.text.count("\n") > 0 and _can_be_shown(unit.text, passage)
        return 0.6 if is_whole else 0.0
    if unit.text.endswith(":"):
        return 0.9 if leads_to_code(unit, following, passage) else 0.5
    if _ASKS_WHAT.search(question) and kind_of(question, unit) is KeyKind.DEFINITION:
        return 1.6
    return _fitness_of_sentence(unit.text)


def _fitness_of_sentence(text: str) -> float:
    if text.endswith("?") or _LISTING.search(text):
        return 0.1  # a question of the book is no answer, nor is a line of its index
    if len(terms(text)) < 3 or len(text) > LONGEST_KEY or _NEEDS_ITS_CONTEXT.search(text):
        return 0.4
    if not _WHOLE.match(text):
        return 0.7
    return 0.85 if _POINTS_BACK.match(text) else 1.0


def leads_to_code(unit: Unit, following: Unit | None, passage: Passage) -> bool:
    """Whether a sentence with a colon introduces code that can be shown with it."""
    if following is None or following.kind != "code" or not unit.text.endswith(":"):
        return False
    return following.text.count("\n") < LONGEST_CODE and _can_be_shown(following.text, passage)


def _defines(sentence: str, asked: set[str]) -> bool:
    """Whether the sentence says what something that was asked about is: "a list is a …",
    "… is called a list", and nothing but that stands beside the verb.
    """
    if verb := _CALLS.search(sentence):
        named = set(terms(re.split(r"[,.;:()]", sentence[verb.end() :])[0]))
        return bool(named) and named <= asked
    verb = _DEFINES.search(sentence)
    if verb is None or _POINTS_BACK.match(sentence) or _HEDGES.match(sentence):
        return False
    subject = set(terms(re.split(r"[,;:]", sentence[: verb.start()])[-1]))
    return bool(subject) and subject <= asked


def _can_be_shown(code: str, passage: Passage) -> bool:
    """False for code that would teach wrongly: marked as wrong, or with its indentation lost on
    the way out of a PDF. There what was typed at a prompt is whole, and what has indented lines.
    """
    if _WRONG.search(code):
        return False
    lines = [line for line in code.split("\n") if line.strip()]
    is_whole = re.match(r">>> ?\S", lines[0]) or any(_indent(line) for line in lines)
    if passage.file_type.value not in FAITHFUL and not is_whole:
        return False
    return not any(
        line.rstrip().endswith(":") and _indent(following) <= _indent(line)
        for line, following in pairwise([*lines, ""])
    )


def _indent(line: str) -> int:
    line = re.sub(r"^(?:>>>|\.\.\.) ?", "", line)
    return len(line) - len(line.lstrip())
