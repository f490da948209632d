"""The list of a course's concepts: read, add, and find the one that a text is about."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.concepts.matching import Named, best_match
from app.errors import DomainError, NotFound
from models import Concept, DifficultyLevel

LONGEST_NAME = 200


class ConceptRefused(DomainError):
    """A concept cannot be called so; the sentence belongs beside the name's field."""

    status = 422


def list_concepts(session: Session, course_id: UUID) -> list[Concept]:
    """The concepts of a course by name."""
    found = session.scalars(
        select(Concept)
        .where(Concept.course_id == course_id)
        .order_by(func.lower(Concept.name), Concept.concept_id)
    )
    return list(found)


def get_concept(session: Session, course_id: UUID, concept_id: UUID) -> Concept:
    """One concept of the course.

    Raises NotFound, also for a concept of another course.
    """
    found = session.scalar(
        select(Concept).where(Concept.concept_id == concept_id, Concept.course_id == course_id)
    )
    if found is None:
        raise NotFound(reason=f"concept {concept_id} is not in course {course_id}")
    return found


def create_concept(
    session: Session,
    course_id: UUID,
    *,
    name: str,
    keywords: Sequence[str] = (),
    description: str | None = None,
    difficulty: DifficultyLevel = DifficultyLevel.INTERMEDIATE,
) -> Concept:
    """Add a concept. Its name is unique in the course, whatever the case of its letters.

    Raises ConceptRefused.
    """
    name = " ".join(name.split())
    _check_name(session, course_id, name)
    concept = Concept(
        course_id=course_id,
        name=name,
        keywords=[word for word in (" ".join(k.split()) for k in keywords) if word] or None,
        description=(description or "").strip() or None,
        difficulty_level=difficulty,
    )
    try:
        with session.begin_nested():
            session.add(concept)
    except IntegrityError as error:  # somebody else was faster
        raise _taken(name) from error
    return concept


def match_concept(session: Session, course_id: UUID, text: str) -> Concept | None:
    """The concept of the course that a question or passage is about, by names and keywords."""
    concepts = list_concepts(session, course_id)
    named = [Named(c.concept_id, (c.name, *(c.keywords or ()))) for c in concepts]
    found = best_match(text, named)
    return next((concept for concept in concepts if concept.concept_id == found), None)


def _check_name(session: Session, course_id: UUID, name: str) -> None:
    if not name:
        raise ConceptRefused("Give the concept a name.")
    if len(name) > LONGEST_NAME:
        raise ConceptRefused(f"A name can have at most {LONGEST_NAME} characters.")
    if any(
        concept.name.casefold() == name.casefold() for concept in list_concepts(session, course_id)
    ):
        raise _taken(name)


def _taken(name: str) -> ConceptRefused:
    return ConceptRefused(f"This course already has a concept called “{name}”.")
