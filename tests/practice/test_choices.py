"""The options of a question in each student's own order."""

import uuid

from app.practice.choices import Choice, choices_of, in_own_order, stored
from models import PracticeQuestion, QuestionType


def _question(count: int, kind: QuestionType = QuestionType.MULTIPLE_CHOICE) -> PracticeQuestion:
    options = [Choice("abcdefgh"[i], f"option {i}") for i in range(count)]
    return PracticeQuestion(
        question_id=uuid.uuid4(), question_type=kind, options=stored(options) if count else None
    )


def test_the_order_is_stable_for_a_student_and_differs_between_students() -> None:
    question = _question(5)
    students = [uuid.uuid4() for _ in range(12)]
    orders = [tuple(c.key for _, c in in_own_order(question, student)) for student in students]
    again = [tuple(c.key for _, c in in_own_order(question, student)) for student in students]
    assert orders == again
    assert len(set(orders)) > 3
    assert all(sorted(order) == list("abcde") for order in orders)


def test_letters_follow_the_shown_order() -> None:
    assert [letter for letter, _ in in_own_order(_question(8), uuid.uuid4())] == list("ABCDEFGH")


def test_true_and_false_stay_in_their_order_with_or_without_stored_options() -> None:
    bare = _question(0, QuestionType.TRUE_FALSE)
    for _ in range(5):
        assert [c.key for _, c in in_own_order(bare, uuid.uuid4())] == ["true", "false"]
    assert choices_of(_question(0)) == []
