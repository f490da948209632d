"""What a teacher chooses in the picker: the form, checked, and the words students will read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from models import ActivityKind, ScorePolicy

MOST_QUESTIONS, MOST_POINTS, LONGEST_TITLE = 50, 1000, 200
NEW_CONCEPT = "new"
NO_GRADE = "none"

START = {
    "kind": ActivityKind.PRACTICE.value,
    "grade": ScorePolicy.BEST.value,
    "count": "5",
    "points": "10",
}
"""What the form holds at first; the concept and the title are the course's."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A link that may be placed. `points` is None where nothing is graded.

    `concept_id` is None for the tutor, and for a concept that is still to be made: `new_concept`.
    """

    kind: ActivityKind
    title: str
    concept_id: UUID | None = None
    concept_name: str = ""
    new_concept: str = ""
    question_count: int | None = None
    points: int | None = None
    policy: ScorePolicy = ScorePolicy.BEST

    @property
    def text(self) -> str:
        """What students read about it, without its title."""
        if self.kind is ActivityKind.TUTOR:
            return (
                "Ask about the materials of this course. Each answer shows the page it comes from."
            )
        if self.points is None:
            return "Practice without a grade. You may practise as often as you like."
        questions = f"{self.question_count} question{'s' if self.question_count != 1 else ''}"
        points = f"{self.points} point{'s' if self.points != 1 else ''}"
        if self.policy is ScorePolicy.LAST:
            return (
                f"Counts for your grade: {questions}, {points}. "
                "Your last answer to each question counts."
            )
        return (
            f"Counts for your grade, best score: {questions}, {points}. "
            "You may practise as often as you like; more practice never lowers it."
        )


class OfferRefused(Exception):
    """The form has faults: `errors` says which, by the name of the field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


def read(form: Mapping[str, str], concepts: Mapping[UUID, str], *, takes_grade: bool) -> Offer:
    """The link that the form describes.

    Fields: kind, title; for practice: concept (an id, or "new" with new_concept), count, grade
    (best, last or none), points. `concepts`: names by id. Raises OfferRefused with every fault.
    """
    errors: dict[str, str] = {}
    title = " ".join(form.get("title", "").split())
    if len(title) > LONGEST_TITLE:
        errors["title"] = f"A title can have at most {LONGEST_TITLE} characters."
    if form.get("kind") == ActivityKind.TUTOR.value:
        offer = Offer(ActivityKind.TUTOR, title or "Tutor")
    else:
        offer = _practice(form, concepts, takes_grade, errors)
        offer = replace(offer, title=title or f"Practice: {offer.concept_name}"[:LONGEST_TITLE])
    if errors:
        raise OfferRefused(errors)
    return offer


def _practice(
    form: Mapping[str, str],
    concepts: Mapping[UUID, str],
    takes_grade: bool,
    errors: dict[str, str],
) -> Offer:
    concept_id, name = _concept(form, concepts, errors)
    is_graded = takes_grade and form.get("grade") != NO_GRADE
    return Offer(
        kind=ActivityKind.PRACTICE,
        title="",
        concept_id=concept_id,
        concept_name=name,
        new_concept="" if concept_id else name,
        question_count=_whole(form, "count", MOST_QUESTIONS, errors),
        points=_whole(form, "points", MOST_POINTS, errors) if is_graded else None,
        policy=ScorePolicy.LAST if form.get("grade") == ScorePolicy.LAST else ScorePolicy.BEST,
    )


def _concept(
    form: Mapping[str, str], concepts: Mapping[UUID, str], errors: dict[str, str]
) -> tuple[UUID | None, str]:
    chosen = form.get("concept", "")
    if chosen == NEW_CONCEPT:
        name = " ".join(form.get("new_concept", "").split())
        if not name:
            errors["new_concept"] = "Give the concept a name."
        return None, name
    by_text = {str(concept_id): concept_id for concept_id in concepts}
    if chosen not in by_text:
        errors["concept"] = "Choose a concept."
        return None, ""
    return by_text[chosen], concepts[by_text[chosen]]


def _whole(form: Mapping[str, str], name: str, most: int, errors: dict[str, str]) -> int | None:
    given = form.get(name, "").strip()
    if not (given.isascii() and given.isdigit() and len(given) < 7 and 1 <= int(given) <= most):
        errors[name] = f"A whole number from 1 to {most}."
        return None
    return int(given)
