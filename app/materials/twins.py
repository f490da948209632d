"""The same file once more: known by its content, and welcome where the stored one was lost."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.materials.files.removal import remove_soon
from app.materials.files.storage import Stored
from app.materials.visibility import visible
from models import CourseMaterial, IndexingStatus


def find(session: Session, course_id: uuid.UUID, sha256: str) -> CourseMaterial | None:
    """A material of the course with this content, one whose file was lost before any other."""
    return session.scalar(
        select(CourseMaterial)
        .where(
            CourseMaterial.course_id == course_id,
            CourseMaterial.storage_path.endswith(f"/{sha256}"),
            CourseMaterial.indexing_status != IndexingStatus.FAILED,
            visible(see_hidden=True),
        )
        .order_by(CourseMaterial.file_fault.is_(None))
        .limit(1)
    )


def mend(session: Session, material: CourseMaterial, stored: Stored) -> None:
    """Puts a file in the place of the same one that was damaged or lost."""
    remove_soon(session, material.storage_path)
    material.storage_path = stored.path
    material.file_fault = material.checked_at = None
    session.flush()
