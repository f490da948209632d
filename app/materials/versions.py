"""A new version of a material: it replaces the old one without a gap in search.

The old one is found until words find the new one. Then, in one transaction, the new one takes its
title, place and release, and the activities that stand for it; the old one is kept deleted. To a
teacher a material and the versions that wait for its place are one row: what is done to it is done
to all of them.
"""

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app import audit
from app.materials.whereabouts import in_use_instead
from models import Activity, CourseMaterial, now

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
