"""A teacher's form becomes a question, or says what is missing beside each field."""

import pytest

from app.practice.choices import Choice, stored
from app.practice.drafts import Draft, DraftRefused, as_form, read
from models import DifficultyLevel, PracticeQuestion, QuestionType

MC, TF = QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE
FORM = {
    "text": "What is 1 + 1?",
    "choice-0": "1",
    "why-0": "That is one of them.",
    "choice-1": "2",
    "why-1": "left over from another order",
    "choice-2": "3",
    "right": "1",
    "explanation": "Count.",
    "difficulty": "beginner",
    "minutes": "2",
}


def test_a_multiple_choice_question_is_read() -> None:
    assert read(FORM, MC) == Draft(
        question_type=MC,
        text="What is 1 + 1?",
        choices=(Choice("a", "1", "That is one of them."), Choice("b", "2"), Choice("c", "3")),
        correct="b",
        explanation="Count.",
        difficulty=DifficultyLevel.BEGINNER,
        minutes=2,
    )


def test_a_true_or_false_question_is_read() -> None:
    form = {"text": "1 is odd.", "right": "true", "why": "It is.", "difficulty": "expert"}
    draft = read(form, TF)
    assert draft.choices == (Choice("true", "True"), Choice("false", "False", "It is."))
    assert (draft.correct, draft.minutes, draft.explanation) == ("true", None, None)


def test_empty_rows_are_left_out_and_keys_of_earlier_times_stay() -> None:
    form = {**FORM, "choice-0": " ", "key-1": "b", "key-2": "c", "choice-5": "4"}
    assert [c.key for c in read(form, MC).choices] == ["b", "c", "a"]
    twice = {**FORM, "key-0": "b", "key-1": "b", "key-2": "zz"}
    assert [c.key for c in read(twice, MC).choices] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"text": "  "}, "text", "Write the question."),
        ({"text": "x" * 10_001}, "text", "at most 10000"),
        ({"choice-1": "", "choice-2": ""}, "choices", "at least 2"),
        ({"choice-2": "2 "}, "choices", "the same"),
        ({"choice-2": "x" * 1001}, "choices", "at most 1000"),
        ({"right": ""}, "right", "Mark the right option."),
        ({"right": "6"}, "right", "is empty"),
        ({"difficulty": "odd"}, "difficulty", "Choose"),
        ({"minutes": "0"}, "minutes", "whole number"),
        ({"minutes": "1.5"}, "minutes", "whole number"),
        ({"minutes": "²"}, "minutes", "whole number"),
        ({"explanation": "x" * 10_001}, "explanation", "under"),
    ],
)
def test_every_fault_stands_beside_its_field(
    change: dict[str, str], field: str, sentence: str
) -> None:
    with pytest.raises(DraftRefused) as refused:
        read({**FORM, **change}, MC)
    assert list(refused.value.errors) == [field]
    assert sentence in refused.value.errors[field]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(DraftRefused) as refused:
        read({}, TF)
    assert set(refused.value.errors) == {"text", "right", "difficulty"}


@pytest.mark.parametrize(("form", "kind"), [(FORM, MC), ({**FORM, "right": "false"}, TF)])
def test_a_stored_question_fills_the_form_it_came_from(
    form: dict[str, str], kind: QuestionType
) -> None:
    draft = read({**form, "why": "Because."}, kind)
    question = PracticeQuestion(
        question_type=kind,
        question_text=draft.text,
        options=stored(draft.choices),
        correct_answer=draft.correct,
        explanation=draft.explanation,
        difficulty=draft.difficulty,
        estimated_time_minutes=draft.minutes,
    )
    assert read(as_form(question), kind) == draft
