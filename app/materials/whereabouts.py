"""Which version of a material stands where another one stood: for links, citations and ticks."""

import uuid
from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.materials.visibility import visible
from models import CourseMaterial, IndexingStatus

LONGEST_CHAIN = 100


def in_use_for(
    session: Session, course_id: uuid.UUID, material_id: uuid.UUID
) -> CourseMaterial | None:
    """The material of the course that is in use where somebody names this one: itself, what
    replaced it, or what it still waits to replace."""
    material: CourseMaterial | None = session.get(CourseMaterial, material_id)
    if material is None or material.course_id != course_id:
        return None
    material = in_use_instead(session, material)
    if material is None or material.replaces_id is None:
        return material
    older = session.get(CourseMaterial, material.replaces_id)
    return older if older is not None and older.deleted_at is None else material


def in_use_after(
    session: Session, material: CourseMaterial, *, besides: CourseMaterial | None = None
) -> CourseMaterial | None:
    """The version that has taken this deleted material's place, directly or by others."""
    left_out = besides.material_id if besides else None
    material_id: uuid.UUID = material.material_id
    for _ in range(LONGEST_CHAIN):
        newer = session.scalars(
            select(CourseMaterial)
            .where(
                CourseMaterial.replaces_id == material_id,
                CourseMaterial.material_id.is_distinct_from(left_out),
                _was_taken_in(),
            )
            .order_by(CourseMaterial.deleted_at.is_not(None), CourseMaterial.upload_date.desc())
            .limit(1)
        ).first()
        if newer is None or newer.deleted_at is None:
            return newer
        material_id = newer.material_id
    return None


def in_use_instead(
    session: Session, material: CourseMaterial, *, besides: CourseMaterial | None = None
) -> CourseMaterial | None:
    """What stands in a deleted material's place: a newer version, or one that was gone back to;
    `besides` the one that asks."""
    older: CourseMaterial | None = material
    for _ in range(LONGEST_CHAIN):
        if older is None or older.deleted_at is None:
            return older
        newer = in_use_after(session, older, besides=besides)
        if newer is not None:
            return newer
        older = session.get(CourseMaterial, older.replaces_id) if older.replaces_id else None
    return None


def leads_to(session: Session, course_id: uuid.UUID, material_id: uuid.UUID) -> uuid.UUID | None:
    """Where a link to a material of the course that was replaced leads now.

    Whether that one may be seen is another question.
    """
    material = session.scalar(
        select(CourseMaterial).where(
            CourseMaterial.material_id == material_id,
            CourseMaterial.course_id == course_id,
            CourseMaterial.deleted_at.is_not(None),
        )
    )
    instead = in_use_instead(session, material) if material else None
    return instead.material_id if instead else None


def where_now(
    session: Session, course_id: uuid.UUID, ids: Collection[uuid.UUID], *, see_hidden: bool
) -> dict[uuid.UUID, uuid.UUID]:
    """For each of these materials the one that this person may see in its place: itself, or what
    replaced it. What is left out is not for this person, or not any more.
    """
    found = {one: one for one in _seen(session, course_id, ids, see_hidden=see_hidden)}
    moved = {one: leads_to(session, course_id, one) for one in set(ids) - found.keys()}
    newer = [one for one in moved.values() if one is not None]
    seen = _seen(session, course_id, newer, see_hidden=see_hidden) if newer else set()
    return found | {one: to for one, to in moved.items() if to in seen and to is not None}


def was_taken_in(material: CourseMaterial) -> bool:
    """Whether a version has come so far that it takes the place of the one before it."""
    return material.chunk_count > 0 or material.indexing_status is IndexingStatus.COMPLETED


def _seen(
    session: Session, course_id: uuid.UUID, ids: Collection[uuid.UUID], *, see_hidden: bool
) -> set[uuid.UUID]:
    query = select(CourseMaterial.material_id).where(
        CourseMaterial.course_id == course_id,
        CourseMaterial.material_id.in_(ids),
        visible(see_hidden),
    )
    return set(session.scalars(query))


def _was_taken_in() -> ColumnElement[bool]:
    return or_(
        CourseMaterial.chunk_count > 0,
        CourseMaterial.indexing_status == IndexingStatus.COMPLETED,
    )
