"""The options of a question: as they are stored, and in each student's own order."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from uuid import UUID

from models import PracticeQuestion, QuestionType

TRUE, FALSE = "true", "false"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option. `why` tells who takes it, although it is wrong, what is wrong about it."""

    key: str
    text: str
    why: str | None = None


def choices_of(question: PracticeQuestion) -> list[Choice]:
    """The options in the order they were written in."""
    stored = (question.options or {}).get("choices", [])
    choices = [Choice(c["key"], c["text"], c.get("why") or None) for c in stored]
    if question.question_type is QuestionType.TRUE_FALSE and not choices:
        return [Choice(TRUE, "True"), Choice(FALSE, "False")]
    return choices


def stored(choices: Sequence[Choice]) -> dict[str, list[dict[str, str]]]:
    """What `PracticeQuestion.options` holds for these."""
    return {
        "choices": [
            {"key": c.key, "text": c.text, **({"why": c.why} if c.why else {})} for c in choices
        ]
    }


def in_own_order(question: PracticeQuestion, student_id: UUID) -> list[tuple[str, Choice]]:
    """The options with their letters, the same each time for one student, different for others.

    True and False stay where everybody expects them.
    """
    choices = choices_of(question)
    if question.question_type is QuestionType.MULTIPLE_CHOICE:
        salt = f"{student_id}:{question.question_id}:"
        choices.sort(key=lambda choice: hashlib.sha256((salt + choice.key).encode()).digest())
    return list(zip(ascii_uppercase, choices, strict=False))
