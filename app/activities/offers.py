"""What a link may stand for: checked values from a teacher's form, and the words students read."""

from dataclasses import dataclass
from uuid import UUID

from app.gradebook.windows import ALWAYS, Window
from models import ActivityKind, ScorePolicy

POLICIES = [
    (ScorePolicy.BEST.value, "Best score"),
    (ScorePolicy.LAST.value, "Last score"),
    (ScorePolicy.AVERAGE.value, "Average score"),
    (ScorePolicy.MASTERY.value, "Mastery"),
]
_TUTOR = "Ask about the materials of this course. Each answer shows the page it comes from."
_READING = "Read it here, and ask the tutor about it."
_UNGRADED = "Practice without a grade. You may practise as often as you like."
_GRADED = "Counts for your grade"
_WHAT_COUNTS = {
    ScorePolicy.BEST: _GRADED + ", best score: {set}. "
    "You may practise as often as you like; more practice never lowers it.",
    ScorePolicy.LAST: _GRADED + ": {set}. Your last answer to each question counts.",
    ScorePolicy.AVERAGE: _GRADED + ": {set}. The average of your answers to each question counts.",
    ScorePolicy.MASTERY: _GRADED + ": {set}. What counts is how well you master it, "
    "as the page shows you.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A link that may be placed. `points` is None where nothing is graded.

    `concept_names` are those of `concept_ids`, then of `new_concept`, which is still to be made.
    """

    kind: ActivityKind
    title: str
    instruction: str | None = None
    concept_ids: tuple[UUID, ...] = ()
    concept_names: tuple[str, ...] = ()
    new_concept: str = ""
    question_count: int | None = None
    points: int | None = None
    policy: ScorePolicy = ScorePolicy.BEST
    window: Window = ALWAYS
    material_id: UUID | None = None
    page: int | None = None
    in_new_window: bool = False
    own_text: str = ""
    """What the teacher wrote about the link in the LMS's own form."""

    @property
    def text(self) -> str:
        """What students read about it, without its title."""
        if self.own_text:
            return self.own_text
        if self.kind is ActivityKind.TUTOR:
            return _TUTOR
        if self.kind is ActivityKind.MATERIAL:
            return _READING
        if self.points is None:
            return _UNGRADED
        questions = f"{self.question_count} question{'s' if self.question_count != 1 else ''}"
        points = f"{self.points} point{'s' if self.points != 1 else ''}"
        return _WHAT_COUNTS[self.policy].format(set=f"{questions}, {points}")


def is_ours(text: str) -> bool:
    """Whether a description that an LMS sends is one that a link of ours was placed with: the link
    may be about to change, so it is made anew."""
    return text.startswith((_TUTOR, _READING, _UNGRADED, _GRADED))


def listed(names: tuple[str, ...]) -> str:
    """Names as a sentence holds them: "A, B and C"."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last
