"""Deleting with a way back: gone at once for everybody, taken away for good after a week."""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Text, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app import audit
from app.errors import NotFound
from app.materials import versions, whereabouts
from app.materials.catalogue import UNFINISHED, read_soon
from app.materials.files.removal import remove_soon
from app.materials.indexing.deepening import embed_soon
from app.materials.indexing.recognising import queue_recognition
from models import (
    AuditEvent,
    Conversation,
    CourseMaterial,
    Message,
    MessageCitation,
    MessageEvidence,
    now,
)

KEPT_FOR = timedelta(days=7)
WHY_GONE = {
    "material.replaced": "Another version took its place.",
    "material.superseded": "A new version that never came into use: a later one was read first.",
}
AT_ONCE = 20
"""Materials that one step takes away: each may have thousands of rows."""


def delete_materials(
    session: Session, actor_id: uuid.UUID, materials: Iterable[CourseMaterial]
) -> None:
    """Hides the materials from everybody, with the new versions that wait for their places; they
    can be restored for a week."""
    moment = now()
    for material in versions.with_waiting(session, materials):
        material.deleted_at = moment
        _record(session, actor_id, material, "material.deleted")
    session.flush()


def restore_material(session: Session, actor_id: uuid.UUID, material: CourseMaterial) -> None:
    """Brings a deleted material back, and the versions that were deleted with it. If it is a
    version of one that is in use, it takes over."""
    if material.deleted_at is None:
        return
    waiting = versions.deleted_with(session, material)
    material.deleted_at = None
    session.flush()
    newer = whereabouts.in_use_after(session, material)
    if newer is not None:
        versions.change_places(session, newer, material)
    elif whereabouts.was_taken_in(material):
        versions.take_over(session, material)
    _go_on(session, material)
    _record(session, actor_id, material, "material.restored")
    session.flush()
    for version in waiting:
        versions.begin_version(version, material)
        restore_material(session, actor_id, version)


def list_deleted(session: Session, course_id: uuid.UUID) -> list[CourseMaterial]:
    """What can be restored, the latest first; without the versions that come back with another."""
    query = (
        select(CourseMaterial)
        .where(CourseMaterial.course_id == course_id, CourseMaterial.deleted_at > now() - KEPT_FOR)
        .order_by(CourseMaterial.deleted_at.desc(), CourseMaterial.position)
    )
    gone = {one.material_id: one for one in session.scalars(query)}
    older = ((one, gone.get(one.replaces_id or one.material_id)) for one in gone.values())
    return [one for one, it in older if it in (one, None) or it.deleted_at != one.deleted_at]


def why_gone(session: Session, gone: Collection[CourseMaterial]) -> dict[uuid.UUID, str]:
    """What became of those of these deleted materials that nobody has deleted: a sentence."""
    course_ids, ids = {one.course_id for one in gone}, {str(one.material_id) for one in gone}
    events = (
        select(AuditEvent.subject, AuditEvent.action)
        .where(
            AuditEvent.course_id.in_(course_ids),
            AuditEvent.at > now() - KEPT_FOR - timedelta(days=1),
            AuditEvent.subject.in_(ids),
            AuditEvent.action.in_(["material.deleted", *WHY_GONE]),
        )
        .order_by(AuditEvent.event_id)
    )
    last = {event.subject: event.action for event in session.execute(events)}
    return {uuid.UUID(one): WHY_GONE[act] for one, act in last.items() if act in WHY_GONE}


def get_deleted(session: Session, course_id: uuid.UUID, material_id: uuid.UUID) -> CourseMaterial:
    """A material of the course that can be restored. Raises `NotFound`."""
    for material in list_deleted(session, course_id):
        if material.material_id == material_id:
            return material
    raise NotFound("This file cannot be brought back any more. Upload it again.")


def take_away(session: Session, before: datetime) -> int:
    """Takes away for good what was deleted before this moment, some at once; how many.

    Its file is removed by a job. Answers that cite it stay, and lead to the version in its place.
    """
    due = select(CourseMaterial.material_id).where(CourseMaterial.deleted_at < before)
    ids = session.scalars(due.limit(AT_ONCE)).all()
    versions.hold(session, ids)
    query = select(CourseMaterial).where(
        CourseMaterial.material_id.in_(ids), CourseMaterial.deleted_at < before
    )
    materials = session.scalars(query.with_for_update(skip_locked=True)).all()
    for material in materials:
        newer = whereabouts.in_use_instead(session, material)
        if newer is not None:
            _hand_over(session, material, newer)
        remove_soon(session, material.storage_path)
        session.delete(material)
    session.flush()
    return len(materials)


def _hand_over(session: Session, material: CourseMaterial, newer: CourseMaterial) -> None:
    """Citations and cards that name the one name the other from now on."""
    session.execute(
        update(MessageCitation)
        .where(MessageCitation.material_id == material.material_id)
        .values(material_id=newer.material_id)
    )
    old, new = str(material.material_id), str(newer.material_id)
    asked_here = (
        select(Message.message_id)
        .join(Conversation, Conversation.conversation_id == Message.conversation_id)
        .where(Conversation.course_id == material.course_id)
    )
    card = cast(MessageEvidence.card, Text)
    session.execute(
        update(MessageEvidence)
        .where(MessageEvidence.message_id.in_(asked_here), card.contains(old))
        .values(card=cast(func.replace(card, old, new), JSONB))
        .execution_options(synchronize_session=False)
    )


def _go_on(session: Session, material: CourseMaterial) -> None:
    """Takes up the work that rested while the material was deleted."""
    if (material.details or {}).get("recognising"):
        queue_recognition(session, material)
    if material.indexing_status not in UNFINISHED:
        return
    if material.chunk_count:
        embed_soon(session, material.course_id)
    else:
        read_soon(session, material)


def _record(session: Session, actor_id: uuid.UUID, material: CourseMaterial, action: str) -> None:
    audit.record(
        session,
        actor_id,
        material.course_id,
        action,
        str(material.material_id),
        {"title": material.title},
    )
