"""The verdict on an answer, by the type of its question."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from app.errors import DomainError
from models import QuestionType

GRADED_HERE = frozenset({QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE})
RIGHT, WRONG = Decimal(1), Decimal(0)


class AnswerRefused(DomainError):
    """No answer that could be graded came; nothing was recorded."""

    status = 422
    sentence = "Choose an answer first."


@dataclass(frozen=True, slots=True)
class Verdict:
    """`share` of the question's points, 0 to 1; `answer` in the form that is stored."""

    is_correct: bool
    share: Decimal
    answer: str


def grade(
    question_type: QuestionType,
    correct_answer: str | None,
    keys: Collection[str],
    submitted: str | None,
) -> Verdict:
    """Grade the key of a chosen option against the right one's.

    Raises AnswerRefused for an empty answer and for one that is no option of the question.
    """
    if question_type not in GRADED_HERE:
        raise AnswerRefused(
            "Questions of this kind cannot be answered yet.", reason=f"type {question_type}"
        )
    answer = (submitted or "").strip()
    if answer not in keys:
        raise AnswerRefused(reason=f"{answer!r} is no option" if answer else None)
    is_correct = answer == correct_answer
    return Verdict(is_correct, RIGHT if is_correct else WRONG, answer)
