"""Removes stored files that no material tells of, later where the storage is away."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deferral import defer
from app.extensions import transaction
from app.materials.files.storage import StorageUnreachable, storage
from models import CourseMaterial


def remove_soon(session: Session, path: str) -> None:
    """Queues the removal, to happen once the step is committed."""
    defer(session, "materials:remove_file", queue="materials", path=path)


def remove(path: str) -> None:
    """Removes a file now, or as soon as the storage can be reached."""
    try:
        storage().delete(path)
    except StorageUnreachable:
        with transaction() as session:
            remove_soon(session, path)


def remove_unless_used(path: str) -> None:
    """The job: by now the same file may have been added again. Raises `StorageUnreachable`."""
    with transaction() as session:
        query = select(CourseMaterial.material_id).where(CourseMaterial.storage_path == path)
        is_used = session.scalar(query) is not None
    if not is_used:
        storage().delete(path)
