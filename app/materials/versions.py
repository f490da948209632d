"""A new version of a material: it replaces the old one without a gap in search.

The old one is found until words find the new one. Then, in one transaction, the new one takes its
title, place and release, and the activities that stand for it; the old one is kept deleted. To a
teacher a material and the versions that wait for its place are one row: what is done to it is done
to all of them.
"""

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, or_, select, text, update
from sqlalchemy.orm import Session

from app import audit
from app.materials.visibility import visible
from models import Activity, CourseMaterial, IndexingStatus, now

LONGEST_CHAIN = 100

_FIRST_OF = text(
    """
    with recursive up as (
        select material_id, replaces_id from course_materials
        where material_id = any(cast(:materials as uuid[]))
        union
        select older.material_id, older.replaces_id
        from up join course_materials as older on older.material_id = up.replaces_id
    )
    select material_id from up where replaces_id is null
    """
)
_LOCK = text(
    """
    select pg_advisory_xact_lock(key) from (
        select distinct hashtextextended('versions:' || one, 0) as key
        from unnest(cast(:first as text[])) as one order by key
    ) as keys
    """
)


def hold(session: Session, material_ids: Iterable[uuid.UUID]) -> None:
    """Holds others back who change which version of these materials is in use, until the
    transaction ends. First of all, before a row is locked or read: two versions that are read at
    once would each wait for the other's row.
    """
    held = set[uuid.UUID]()
    given = {"materials": list(material_ids)}
    while first := set(session.scalars(_FIRST_OF, given)) - held:  # another, where one is purged
        session.execute(_LOCK, {"first": [str(one) for one in first]})
        held |= first


def begin_version(material: CourseMaterial, old: CourseMaterial) -> None:
    """Lets `material`, which has just been added or brought back, become a version of `old` once it
    is read."""
    material.replaces_id = old.material_id
    _take_on(material, old)


def take_over(session: Session, material: CourseMaterial) -> None:
    """Puts a version that can be found in the place of the one before it.

    One without any text does not replace one that has some: search would go dark. One that was
    deleted while it was read replaces nothing, until it is restored.
    """
    if material.deleted_at is not None:
        return
    old = _before(session, material)
    if old is None or (old.chunk_count and not material.chunk_count):
        return
    _settle_others(session, material, {material.replaces_id, old.material_id})
    material.replaces_id = old.material_id
    if old.deleted_at is None:
        _take_on(material, old)
        old.deleted_at = now()
    _move_activities(session, old, material)
    _record_replaced(session, old, material)
    session.flush()


def waiting_for(
    session: Session, material_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[CourseMaterial]]:
    """The new versions that wait to take the places of these materials, the latest first."""
    query = select(CourseMaterial).where(
        CourseMaterial.replaces_id.in_(material_ids), CourseMaterial.deleted_at.is_(None)
    )
    waiting: dict[uuid.UUID, list[CourseMaterial]] = {}
    for material in session.scalars(query.order_by(CourseMaterial.upload_date.desc())):
        if material.replaces_id is not None:
            waiting.setdefault(material.replaces_id, []).append(material)
    return waiting


def with_waiting(session: Session, materials: Iterable[CourseMaterial]) -> list[CourseMaterial]:
    """These materials, each with the new versions that wait to take its place."""
    given = list(materials)
    waiting = waiting_for(session, [one.material_id for one in given])
    found = (it for one in given for it in (one, *waiting.get(one.material_id, ())))
    return list(dict.fromkeys(found))


def deleted_with(session: Session, material: CourseMaterial) -> list[CourseMaterial]:
    """The versions that waited for this material's place when it was deleted, and went with it."""
    query = select(CourseMaterial).where(
        CourseMaterial.replaces_id == material.material_id,
        CourseMaterial.deleted_at == material.deleted_at,
    )
    return list(session.scalars(query.order_by(CourseMaterial.upload_date)))


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


def change_places(session: Session, newer: CourseMaterial, older: CourseMaterial) -> None:
    """Goes back to a version: the newer one is deleted, with the same way back. What waited for the
    newer one's place waits for this one's."""
    _take_on(older, newer)
    for waiting in with_waiting(session, [newer])[1:]:
        waiting.replaces_id = older.material_id
    newer.deleted_at, newer.replaces_id = now(), older.material_id
    _move_activities(session, newer, older)
    _record_replaced(session, newer, older)
    session.flush()


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


def _seen(
    session: Session, course_id: uuid.UUID, ids: Collection[uuid.UUID], *, see_hidden: bool
) -> set[uuid.UUID]:
    query = select(CourseMaterial.material_id).where(
        CourseMaterial.course_id == course_id,
        CourseMaterial.material_id.in_(ids),
        visible(see_hidden),
    )
    return set(session.scalars(query))


def _before(session: Session, material: CourseMaterial) -> CourseMaterial | None:
    """The version in use that `material` is to replace, else the one that it was made for."""
    if material.replaces_id is None:
        return None
    old: CourseMaterial | None = session.get(CourseMaterial, material.replaces_id)
    before = (in_use_instead(session, old, besides=material) if old else None) or old
    if before is not None:  # what cites it goes on meanwhile
        session.refresh(before, with_for_update={"key_share": True})
    return before


def _settle_others(
    session: Session, material: CourseMaterial, replaced: Collection[uuid.UUID | None]
) -> None:
    """Of the other new versions those that were uploaded before this one have come too late; a
    later one waits for this one's place from now on."""
    others = session.scalars(
        select(CourseMaterial).where(
            CourseMaterial.replaces_id.in_(replaced),
            CourseMaterial.material_id.not_in({material.material_id, *replaced}),
            CourseMaterial.deleted_at.is_(None),
        )
    )
    for other in others:
        if other.upload_date < material.upload_date:
            other.deleted_at = now()
            _record_replaced(session, other, material, "material.superseded")
        else:
            other.replaces_id = material.material_id


def _record_replaced(
    session: Session,
    old: CourseMaterial,
    new: CourseMaterial,
    action: str = "material.replaced",
) -> None:
    subject, details = str(old.material_id), {"by": str(new.material_id)}
    audit.record(session, new.uploader_id, new.course_id, action, subject, details)


def was_taken_in(material: CourseMaterial) -> bool:
    """Whether a version has come so far that it takes the place of the one before it."""
    return material.chunk_count > 0 or material.indexing_status is IndexingStatus.COMPLETED


def _was_taken_in() -> ColumnElement[bool]:
    return or_(
        CourseMaterial.chunk_count > 0,
        CourseMaterial.indexing_status == IndexingStatus.COMPLETED,
    )


def _take_on(material: CourseMaterial, other: CourseMaterial) -> None:
    material.title, material.position = other.title, other.position
    material.is_public, material.release_at = other.is_public, other.release_at
    material.may_be_saved = other.may_be_saved


def _move_activities(session: Session, old: CourseMaterial, new: CourseMaterial) -> None:
    session.execute(
        update(Activity)
        .where(Activity.material_id == old.material_id)
        .values(material_id=new.material_id)
    )
