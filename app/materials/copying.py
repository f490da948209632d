"""Brings files of another course into this one: kept once more, under their titles, read anew."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deferral import defer
from app.extensions import transaction
from app.materials import catalogue
from app.materials.files.removal import remove
from app.materials.files.storage import storage
from app.materials.indexing.deepening import EMBEDDING_PRIORITY
from app.materials.visibility import visible
from models import CourseMaterial

PRIORITY = EMBEDDING_PRIORITY - 2
"""After all vectors: nobody waits for a course's files as for one that was just uploaded."""


def copy_file(
    material_id: uuid.UUID, course_id: uuid.UUID, uploader_id: uuid.UUID
) -> uuid.UUID | None:
    """The material in this course, which may have had the same file; None if the file is gone.

    No transaction is open while the file is copied; run twice it does nothing more.
    """
    with transaction() as session:
        source = session.get(CourseMaterial, material_id)
    if source is None:
        return None
    new_id = uuid.uuid4()
    try:
        with storage().local(source.storage_path) as path, path.open("rb") as content:
            stored = storage().save(content, new_id)
    except FileNotFoundError:
        return None
    added = None
    try:
        with transaction() as session:
            name = str((source.details or {}).get("name") or source.title)
            added = catalogue.add_material(session, course_id, uploader_id, name, new_id, stored)
            if added.is_new:
                added.material.title = source.title
                # A date is of the old course: until the teacher gives another one it stays closed.
                added.material.is_public = source.is_public and source.release_at is None
                added.material.may_be_saved = source.may_be_saved
    finally:
        if added is None or not added.is_kept:
            remove(stored.path)
    return added.material.material_id


def copy_all_soon(
    session: Session, from_course: uuid.UUID, course_id: uuid.UUID, uploader_id: uuid.UUID
) -> int:
    """Queue copying every file of another course, one after another; how many these are."""
    found = session.scalars(
        select(CourseMaterial.material_id)
        .where(CourseMaterial.course_id == from_course, visible(see_hidden=True))
        .order_by(CourseMaterial.position, CourseMaterial.upload_date)
    ).all()
    for material_id in found:
        defer(
            session,
            "materials:copy",
            queue="materials",
            priority=PRIORITY,
            lock=f"copy:{course_id}",
            queueing_lock=f"copy:{material_id}:{course_id}",
            material_id=str(material_id),
            course_id=str(course_id),
            uploader_id=str(uploader_id),
        )
    return len(found)
