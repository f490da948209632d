"""A file comes into a course: checked for its size, stored, added, as a version where it is one."""

import uuid
from typing import IO

from sqlalchemy.orm import Session

from app import config
from app.errors import DomainError
from app.extensions import transaction
from app.materials import catalogue, versions, whereabouts
from app.materials.catalogue import Added
from app.materials.files.removal import remove
from app.materials.files.storage import Stored, storage
from app.materials.status import size_in_words
from app.materials.uploading.unpacking import is_archive


class FileTooLarge(DomainError):
    status = 413


def take_in(
    course_id: uuid.UUID,
    user_id: uuid.UUID,
    name: str,
    content: IO[bytes],
    replaces_id: uuid.UUID | None = None,
) -> Added:
    """Adds a file that came in one request; no file stays that no row tells of."""
    material_id = uuid.uuid4()
    stored = storage().save(content, material_id)
    added = None
    try:
        check_size(stored.size)
        with transaction() as session:
            versions.hold(session, [replaces_id] if replaces_id else [])
            added = add_file(session, course_id, user_id, name, material_id, stored, replaces_id)
    finally:
        if added is None or not added.is_kept:
            remove(stored.path)
    return added


def check_size(size: int) -> None:
    """Raises `FileTooLarge` above the installation's limit."""
    if size > config.current().upload_limit_bytes:
        raise FileTooLarge(too_large())


def too_large() -> str:
    """The sentence about a file above the limit."""
    limit = size_in_words(config.current().upload_limit_bytes)
    return (
        f"The file is larger than {limit}, the most that can be uploaded. Split it, or save a "
        "smaller copy, and upload that."
    )


def add_file(
    session: Session,
    course_id: uuid.UUID,
    user_id: uuid.UUID,
    name: str,
    material_id: uuid.UUID,
    stored: Stored,
    replaces_id: uuid.UUID | None,
) -> Added:
    """Adds a stored file; one with `replaces_id` becomes a version of that material once read."""
    added = catalogue.add_material(session, course_id, user_id, name, material_id, stored)
    old = whereabouts.in_use_for(session, course_id, replaces_id) if replaces_id else None
    if old is not None and added.is_new and not is_archive(name):
        versions.begin_version(added.material, old)
    return added
