"""What a course has to choose from when a link is set up: concepts, materials, its time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.concepts.catalogue import list_concepts
from app.materials.catalogue import get_chosen, in_use_in_order
from app.materials.visibility import visible
from app.practice.questions import counts_in_use
from models import Activity, Course, CourseMaterial, IndexingStatus


@dataclass(frozen=True, slots=True)
class Reading:
    """A material that students may open; `page_count` is None until it has been read."""

    title: str
    page_count: int | None


@dataclass(frozen=True, slots=True)
class Choices:
    """Concepts by id, how many questions each has in use, and released materials by id."""

    concepts: Mapping[UUID, str]
    counts: Mapping[UUID, int]
    materials: Mapping[UUID, Reading]
    zone: str

    def questions_on(self, concept_ids: tuple[UUID, ...]) -> int:
        return sum(self.counts.get(concept_id, 0) for concept_id in concept_ids)


def choices_of(session: Session, course_id: UUID, activity: Activity | None = None) -> Choices:
    """What the course has. Of the materials those that students may open at this moment, and the
    one that the activity stands for, which its settings keep while it is hidden.
    """
    materials = {one.material_id: one for one in _readable(session, course_id)}
    if activity is not None and activity.material_id and activity.material_id not in materials:
        own = get_chosen(session, course_id, [activity.material_id])
        materials |= {one.material_id: one for one in own}
    return Choices(
        concepts={one.concept_id: one.name for one in list_concepts(session, course_id)},
        counts=counts_in_use(session, course_id),
        materials={
            one.material_id: Reading(one.title, one.page_count)
            for one in sorted(materials.values(), key=lambda one: one.title.casefold())
        },
        zone=session.get_one(Course, course_id).time_zone,
    )


def _readable(session: Session, course_id: UUID) -> list[CourseMaterial]:
    """What students may open and what could be read."""
    seen = in_use_in_order(session, course_id, see_hidden=False)
    return [one for one in seen if one.indexing_status is not IndexingStatus.FAILED]


def may_read(session: Session, activity: Activity, *, see_hidden: bool) -> bool:
    """Whether the material that the activity stands for is there and may be seen."""
    query = select(CourseMaterial.material_id).where(
        CourseMaterial.material_id == activity.material_id,
        CourseMaterial.course_id == activity.course_id,
        visible(see_hidden),
    )
    return session.scalar(query) is not None
