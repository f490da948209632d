"""What a course has to choose from when a link is set up: concepts, materials, its time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import zone_of
from app.concepts.catalogue import list_concepts
from app.materials.catalogue import get_chosen, in_use_in_order
from app.materials.listing import opening
from app.materials.status import is_only_kept
from app.materials.visibility import visible
from app.practice.questions import counts_in_use
from models import Activity, Course, CourseMaterial, IndexingStatus, now


@dataclass(frozen=True, slots=True)
class Reading:
    """A material that students may open, at once or from the moment that `opens` says in words;
    `page_count` is None until it has been read."""

    title: str
    page_count: int | None
    opens: str | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """Concepts by id, how many questions each has in use, and materials for students by id."""

    concepts: Mapping[UUID, str]
    counts: Mapping[UUID, int]
    materials: Mapping[UUID, Reading]
    zone: str

    def questions_on(self, concept_ids: tuple[UUID, ...]) -> int:
        return sum(self.counts.get(concept_id, 0) for concept_id in concept_ids)


def choices_of(session: Session, course_id: UUID, activity: Activity | None = None) -> Choices:
    """What the course has. Of the materials those that students may open, at this moment or later,
    and the one that the activity stands for, which its settings keep while it is hidden.
    """
    zone = session.get_one(Course, course_id).time_zone
    moment = now()
    materials = {one.material_id: one for one in _readable(session, course_id)}
    if activity is not None and activity.material_id and activity.material_id not in materials:
        own = get_chosen(session, course_id, [activity.material_id])
        materials |= {one.material_id: one for one in own}
    return Choices(
        concepts={one.concept_id: one.name for one in list_concepts(session, course_id)},
        counts=counts_in_use(session, course_id),
        materials={
            one.material_id: Reading(one.title, one.page_count, opening(one, zone_of(zone), moment))
            for one in sorted(materials.values(), key=lambda one: one.title.casefold())
        },
        zone=zone,
    )


def _readable(session: Session, course_id: UUID) -> list[CourseMaterial]:
    """What is not hidden from students and has pages to read, or may have them once it is read."""
    return [
        one
        for one in in_use_in_order(session, course_id)
        if one.is_public
        and one.indexing_status is not IndexingStatus.FAILED
        and not is_only_kept(one)
    ]


def may_read(session: Session, activity: Activity, *, see_hidden: bool) -> bool:
    """Whether the material that the activity stands for is there and may be seen."""
    query = select(CourseMaterial.material_id).where(
        CourseMaterial.material_id == activity.material_id,
        CourseMaterial.course_id == activity.course_id,
        visible(see_hidden),
    )
    return session.scalar(query) is not None


def opens_later(session: Session, activity: Activity) -> str | None:
    """When the material that the activity stands for opens to students; None if nobody has said."""
    material = get_chosen(session, activity.course_id, [activity.material_id or UUID(int=0)])
    zone = zone_of(session.get_one(Course, activity.course_id).time_zone)
    return opening(material[0], zone, now()) if material else None
