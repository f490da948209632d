"""A question as a teacher's form holds it: read, checked field by field, written back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.practice.choices import FALSE, TRUE, Choice, choices_of
from models import DifficultyLevel, PracticeQuestion, QuestionType

MOST_CHOICES, LEAST_CHOICES = 8, 2
LONGEST_TEXT, LONGEST_CHOICE = 10_000, 1_000
MOST_MINUTES = 120
_KEYS = "abcdefgh"


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that may be stored."""

    question_type: QuestionType
    text: str
    choices: tuple[Choice, ...]
    correct: str
    explanation: str | None
    difficulty: DifficultyLevel
    minutes: int | None


class DraftRefused(Exception):
    """The form has faults: `errors` says which, by the name of the field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


def read(form: Mapping[str, str], question_type: QuestionType) -> Draft:
    """The question that the form describes.

    Fields: text, explanation, difficulty, minutes; multiple choice: choice-0 … choice-7 with
    why-0 … and key-0 …, right = the number of the right one; true/false: right = the right one's
    key, why. Raises DraftRefused with every fault at once.
    """
    errors: dict[str, str] = {}
    text = _text(form, errors)
    if question_type is QuestionType.TRUE_FALSE:
        choices, correct = _true_or_false(form, errors)
    else:
        choices, correct = _several(form, errors)
    draft = Draft(
        question_type=question_type,
        text=text,
        choices=choices,
        correct=correct,
        explanation=_longer_text(form, "explanation", errors),
        difficulty=_difficulty(form, errors),
        minutes=_minutes(form, errors),
    )
    if errors:
        raise DraftRefused(errors)
    return draft


def as_form(question: PracticeQuestion) -> dict[str, str]:
    """The fields of `read` for a question that exists."""
    fields = {
        "text": question.question_text,
        "explanation": question.explanation or "",
        "difficulty": question.difficulty.value,
        "minutes": str(question.estimated_time_minutes or ""),
    }
    choices = choices_of(question)
    if question.question_type is QuestionType.TRUE_FALSE:
        whys = [choice.why for choice in choices if choice.why]
        return {**fields, "right": question.correct_answer or "", "why": whys[0] if whys else ""}
    for i, choice in enumerate(choices):
        fields |= {f"choice-{i}": choice.text, f"why-{i}": choice.why or "", f"key-{i}": choice.key}
        if choice.key == question.correct_answer:
            fields["right"] = str(i)
    return fields


def _text(form: Mapping[str, str], errors: dict[str, str]) -> str:
    text = _tidy(form.get("text", ""))
    if not text:
        errors["text"] = "Write the question."
    elif len(text) > LONGEST_TEXT:
        errors["text"] = f"A question can have at most {LONGEST_TEXT} characters."
    return text


def _several(form: Mapping[str, str], errors: dict[str, str]) -> tuple[tuple[Choice, ...], str]:
    rows = [i for i in range(MOST_CHOICES) if form.get(f"choice-{i}", "").strip()]
    keys = _keys([form.get(f"key-{i}", "") for i in rows])
    choices = tuple(
        Choice(key, _tidy(form[f"choice-{i}"]), _tidy(form.get(f"why-{i}", "")) or None)
        for i, key in zip(rows, keys, strict=True)
    )
    fault = _fault_of_choices(choices)
    if fault:
        errors["choices"] = fault
    right = form.get("right", "")
    by_row = {str(i): key for i, key in zip(rows, keys, strict=True)}
    if right not in by_row and not fault:
        errors["right"] = (
            "The option marked as right is empty." if right else "Mark the right option."
        )
    correct = by_row.get(right, "")
    return tuple(c if c.key != correct else Choice(c.key, c.text) for c in choices), correct


def _fault_of_choices(choices: Sequence[Choice]) -> str | None:
    if len(choices) < LEAST_CHOICES:
        return f"Write at least {LEAST_CHOICES} options."
    if len({choice.text.casefold() for choice in choices}) < len(choices):
        return "Two options are the same."
    if any(len(c.text) > LONGEST_CHOICE or len(c.why or "") > LONGEST_CHOICE for c in choices):
        return f"An option can have at most {LONGEST_CHOICE} characters."
    return None


def _true_or_false(
    form: Mapping[str, str], errors: dict[str, str]
) -> tuple[tuple[Choice, ...], str]:
    right = form.get("right", "")
    if right not in {TRUE, FALSE}:
        errors["right"] = "Say whether it is true."
    why = _longer_text(form, "why", errors)
    return tuple(
        Choice(key, text, None if key == right else why)
        for key, text in ((TRUE, "True"), (FALSE, "False"))
    ), right


def _keys(given: Sequence[str]) -> list[str]:
    """A key for each option: its own from an earlier time, else the next free letter."""
    taken = {key for key in given if key in _KEYS and key}
    free = iter([key for key in _KEYS if key not in taken])
    keys: list[str] = []
    for key in given:
        keys.append(key if key in taken and key not in keys else next(free, ""))
    return keys


def _longer_text(form: Mapping[str, str], name: str, errors: dict[str, str]) -> str | None:
    text = _tidy(form.get(name, ""))
    if len(text) > LONGEST_TEXT:
        errors[name] = f"Please keep this under {LONGEST_TEXT} characters."
    return text or None


def _difficulty(form: Mapping[str, str], errors: dict[str, str]) -> DifficultyLevel:
    try:
        return DifficultyLevel(form.get("difficulty", ""))
    except ValueError:
        errors["difficulty"] = "Choose a difficulty."
        return DifficultyLevel.INTERMEDIATE


def _minutes(form: Mapping[str, str], errors: dict[str, str]) -> int | None:
    given = form.get("minutes", "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= MOST_MINUTES):
        errors["minutes"] = f"A whole number from 1 to {MOST_MINUTES}, or nothing."
        return None
    return int(given)


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "").strip()
