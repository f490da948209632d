"""What is being practised: one concept that was asked for, or the set of an activity."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.concepts.catalogue import get_concept
from app.gradebook.columns import find_activity
from models import Activity, ActivityKind, Concept


@dataclass(frozen=True, slots=True)
class Scope:
    """`activity` is the one that the learner came by, if the concepts belong to its set."""

    concepts: Sequence[Concept]
    activity: Activity | None = None
    asked_for: UUID | None = None
    """The one concept, if the address asked for it."""

    @property
    def ids(self) -> list[UUID]:
        return [concept.concept_id for concept in self.concepts]

    @property
    def title(self) -> str:
        """The concept's name; the link's title where a set has several."""
        several = len(self.concepts) != 1 and self.activity is not None
        return self.activity.title if several and self.activity else self.concepts[0].name


def set_of(
    session: Session, course_id: UUID, activity_id: UUID | None
) -> tuple[Activity | None, list[Concept]]:
    """The activity if it is a practice set of the course, with its concepts."""
    activity = find_activity(session, course_id, activity_id)
    if activity is None or activity.kind is not ActivityKind.PRACTICE:
        return None, []
    return activity, activity.concepts


def scope_of(
    session: Session, course_id: UUID, activity_id: UUID | None, asked_for: UUID | None
) -> Scope | None:
    """The concept that is asked for, else the activity's set; None if there is neither.

    Raises NotFound for a concept of another course.
    """
    activity, own = set_of(session, course_id, activity_id)
    if asked_for is None:
        return Scope(own, activity) if own else None
    concept = get_concept(session, course_id, asked_for)
    return Scope([concept], activity if concept in own else None, asked_for)


def scope_around(
    session: Session,
    course_id: UUID,
    activity_id: UUID | None,
    concept: Concept,
    asked_for: UUID | None,
) -> Scope:
    """The scope in which a question on this concept was asked."""
    scope = scope_of(session, course_id, activity_id, asked_for)
    if scope and concept in scope.concepts:
        return scope
    return Scope([concept], asked_for=concept.concept_id)
