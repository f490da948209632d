"""What a learner reads after an answer: the same each time the attempt is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.practice.choices import in_own_order
from models import Concept, PracticeQuestion, StudentAttempt


class Mark(StrEnum):
    """What an option turned out to be."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE = ""


@dataclass(frozen=True, slots=True)
class ShownOption:
    """One option after grading; `note` says in words what the mark shows."""

    letter: str
    text: str
    mark: Mark
    note: str
    why: str | None


HEADINGS = {True: "Right", False: "Not yet", None: "Awaiting review"}


@dataclass(frozen=True, slots=True)
class Feedback:
    """`heading` is "Right", "Not yet" or "Awaiting review" (`is_correct` is None then).

    `effect` says what the answer did to mastery.
    """

    is_correct: bool | None
    heading: str
    options: Sequence[ShownOption]
    explanation: str | None
    effect: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An attempt with its question."""

    attempt: StudentAttempt
    question: PracticeQuestion
    concept: Concept


def get_answered(session: Session, course_id: UUID, student_id: UUID, attempt_id: UUID) -> Answered:
    """An attempt of this student in this course.

    Raises NotFound for anything else.
    """
    row = session.execute(
        select(StudentAttempt, PracticeQuestion, Concept)
        .join(PracticeQuestion, PracticeQuestion.question_id == StudentAttempt.question_id)
        .join(Concept, Concept.concept_id == PracticeQuestion.concept_id)
        .where(
            StudentAttempt.attempt_id == attempt_id,
            StudentAttempt.student_id == student_id,
            PracticeQuestion.course_id == course_id,
        )
    ).one_or_none()
    if row is None:
        raise NotFound(reason=f"attempt {attempt_id} is not of this student and course")
    return Answered(*row)


def number_of(session: Session, attempt: StudentAttempt, concept_ids: Sequence[UUID]) -> int:
    """Which of the learner's answers on these concepts the attempt is, from 1."""
    number = session.scalar(
        select(func.count())
        .select_from(StudentAttempt)
        .join(PracticeQuestion, PracticeQuestion.question_id == StudentAttempt.question_id)
        .where(
            StudentAttempt.student_id == attempt.student_id,
            PracticeQuestion.concept_id.in_(concept_ids),
            StudentAttempt.sequence <= attempt.sequence,
        )
    )
    return number or 1


def feedback_on(answered: Answered) -> Feedback:
    """The feedback on a stored attempt."""
    attempt = answered.attempt
    effect = effect_of(attempt.model_inputs or {}, answered.concept.name)
    return feedback(
        answered.question,
        attempt.student_id,
        attempt.submitted_answer,
        attempt.is_correct,
        effect,
    )


def feedback(
    question: PracticeQuestion,
    student_id: UUID,
    chosen: str,
    is_correct: bool | None,
    effect: str,
) -> Feedback:
    """The feedback on an answer, stored or only tried."""
    return Feedback(
        is_correct=is_correct,
        heading=HEADINGS[is_correct],
        options=_options(question, student_id, chosen, is_judged=is_correct is not None),
        explanation=question.explanation,
        effect=effect,
    )


def effect_of(inputs: Mapping[str, Any], concept: str) -> str:
    """What an answer did to the shown mastery, in a sentence."""
    if "after" not in inputs:
        return ""
    mean, low, high = (_percent(share) for share in inputs["after"])
    likely = f"{mean} %, likely {low}–{high} %"
    if not inputs.get("answers"):
        return f"Your first answer on {concept} puts your mastery of it at {likely}."
    if not inputs.get("evidence"):
        return (
            "You answered this question earlier today, so this was practice: "
            f"mastery of {concept} stays at {likely}."
        )
    before = _percent(inputs["before"][0])
    if before == mean:
        return f"Mastery of {concept} stays at {likely}."
    return f"Mastery of {concept} went from {before} % to {likely}."


def _options(
    question: PracticeQuestion, student_id: UUID, chosen: str, *, is_judged: bool
) -> list[ShownOption]:
    shown = []
    for letter, choice in in_own_order(question, student_id):
        is_right, is_chosen = choice.key == question.correct_answer, choice.key == chosen
        if not is_judged:
            note = "Your answer" if is_chosen else ""
            shown.append(ShownOption(letter, choice.text, Mark.NONE, note, None))
            continue
        mark = Mark.RIGHT if is_right else Mark.WRONG if is_chosen else Mark.NONE
        note = {
            (True, True): "Your answer, and the right one",
            (True, False): "The right answer",
            (False, True): "Your answer",
            (False, False): "",
        }[is_right, is_chosen]
        why = choice.why if is_chosen and not is_right else None
        shown.append(ShownOption(letter, choice.text, mark, note, why))
    return shown


def _percent(share: float) -> int:
    return round(100 * share)
