"""Brings concepts of another course into this one: with their questions in use, and what must be
known before what. Read once and written at once, however many they are.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app.concepts.catalogue import list_concepts
from models import Concept, ConceptDependency, PracticeQuestion

_KEPT = ("name", "description", "difficulty_level", "estimated_hours", "keywords")


def copy_concepts(
    session: Session, course_id: UUID, actor_id: UUID, old: Sequence[Concept]
) -> list[Concept]:
    """This course's concept for each: the one of the same name, else a new one.

    Twice brings nothing twice.
    """
    if not old:
        return []
    there = _by_name(session, course_id)
    missing = {_key(one): one for one in old if _key(one) not in there}
    if missing:
        rows = [
            {"course_id": course_id, **{name: getattr(one, name) for name in _KEPT}}
            for one in missing.values()
        ]
        session.execute(insert(Concept).on_conflict_do_nothing(), rows)
        there = _by_name(session, course_id)
    _questions(session, actor_id, {one.concept_id: there[_key(one)] for one in old})
    _order(session, course_id, [one.concept_id for one in old], there)
    return [there[_key(one)] for one in old]


def _by_name(session: Session, course_id: UUID) -> dict[str, Concept]:
    return {_key(one): one for one in list_concepts(session, course_id)}


def _key(concept: Concept) -> str:
    return concept.name.casefold()


def _questions(session: Session, actor_id: UUID, copies: Mapping[UUID, Concept]) -> None:
    """Copies the questions in use that a concept does not have yet, word for word."""
    new_ids = {one.concept_id for one in copies.values()}
    rows = session.scalars(
        select(PracticeQuestion)
        .where(PracticeQuestion.concept_id.in_([*copies, *new_ids]))
        .order_by(PracticeQuestion.created_at, PracticeQuestion.question_id)
    ).all()
    known = {(row.concept_id, *_wording(row)) for row in rows if row.concept_id in new_ids}
    for row in rows:
        if row.concept_id not in copies or not row.is_active:
            continue
        new = copies[row.concept_id]
        if (new.concept_id, *_wording(row)) in known:
            continue
        known.add((new.concept_id, *_wording(row)))
        session.add(
            PracticeQuestion(
                course_id=new.course_id,
                concept_id=new.concept_id,
                created_by=actor_id,
                question_type=row.question_type,
                difficulty=row.difficulty,
                question_text=row.question_text,
                options=row.options,
                correct_answer=row.correct_answer,
                explanation=row.explanation,
                estimated_time_minutes=row.estimated_time_minutes,
                is_active=True,
            )
        )
    session.flush()


def _wording(question: PracticeQuestion) -> tuple[str, str, str]:
    return question.question_text, str(question.options), question.correct_answer or ""


def _order(
    session: Session, course_id: UUID, old_ids: Sequence[UUID], there: Mapping[str, Concept]
) -> None:
    """Copies what comes before these and after them, where both are here by now. What would make
    a circle with what this course says already stays behind."""
    first, then = aliased(Concept), aliased(Concept)
    edges = session.execute(
        select(first.name, then.name, ConceptDependency.dependency_strength)
        .join(first, first.concept_id == ConceptDependency.prerequisite_concept_id)
        .join(then, then.concept_id == ConceptDependency.dependent_concept_id)
        .where(
            first.course_id == then.course_id,
            or_(first.concept_id.in_(old_ids), then.concept_id.in_(old_ids)),
        )
        .order_by(ConceptDependency.created_at, ConceptDependency.dependency_id)
    ).all()
    if not edges:
        return
    after = _afters(session, course_id)
    for before_name, after_name, strength in edges:
        before, follower = there.get(before_name.casefold()), there.get(after_name.casefold())
        if before is None or follower is None or follower.concept_id in after[before.concept_id]:
            continue
        if _leads(after, follower.concept_id, before.concept_id):
            continue
        after[before.concept_id].add(follower.concept_id)
        session.add(
            ConceptDependency(
                prerequisite_concept_id=before.concept_id,
                dependent_concept_id=follower.concept_id,
                dependency_strength=strength,
            )
        )
    session.flush()


def _afters(session: Session, course_id: UUID) -> defaultdict[UUID, set[UUID]]:
    """What this course says already: the concepts that each one comes before."""
    edges = session.execute(
        select(ConceptDependency.prerequisite_concept_id, ConceptDependency.dependent_concept_id)
        .join(Concept, Concept.concept_id == ConceptDependency.prerequisite_concept_id)
        .where(Concept.course_id == course_id)
    )
    after: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for before, follower in edges:
        after[before].add(follower)
    return after


def _leads(after: Mapping[UUID, set[UUID]], start: UUID, goal: UUID) -> bool:
    """Whether one concept is another, or comes before it by any way."""
    seen: set[UUID] = set()
    ahead = [start]
    while ahead:
        one = ahead.pop()
        if one == goal:
            return True
        if one not in seen:
            seen.add(one)
            ahead.extend(after.get(one, ()))
    return False
