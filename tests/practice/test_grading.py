"""The verdict on an answer."""

from decimal import Decimal

import pytest

from app.practice.grading import AnswerRefused, grade
from models import QuestionType

MC, TF = QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE


@pytest.mark.parametrize(
    ("kind", "keys", "correct", "submitted", "is_correct"),
    [
        (MC, ["a", "b"], "b", "b", True),
        (MC, ["a", "b"], "b", " b ", True),
        (MC, ["a", "b"], "b", "a", False),
        (TF, ["true", "false"], "false", "false", True),
        (TF, ["true", "false"], "false", "true", False),
    ],
)
def test_the_chosen_option_is_right_or_not(
    kind: QuestionType, keys: list[str], correct: str, submitted: str, is_correct: bool
) -> None:
    verdict = grade(kind, correct, keys, submitted)
    assert verdict.is_correct is is_correct
    assert verdict.share == Decimal(int(is_correct))
    assert verdict.answer == submitted.strip()


@pytest.mark.parametrize("submitted", [None, "", "  ", "c", "A", "true", "a" * 5000, "\x00"])
def test_what_is_no_option_is_refused_and_not_graded(submitted: str | None) -> None:
    with pytest.raises(AnswerRefused, match=r"Choose an answer|is no option"):
        grade(MC, "b", ["a", "b"], submitted)


@pytest.mark.parametrize("kind", [QuestionType.SHORT_ANSWER, QuestionType.CODING])
def test_kinds_that_cannot_be_graded_yet_say_so(kind: QuestionType) -> None:
    with pytest.raises(AnswerRefused) as refused:
        grade(kind, "x", [], "x")
    assert "cannot be answered yet" in refused.value.sentence
