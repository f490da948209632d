"""Reads stored files again and compares checksums: a few at a time, the longest unread first.

It changes nothing but what is known of a file. What has a fault is read again each day: a
file put back from a backup is found sound by itself.
"""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.extensions import transaction
from app.materials.files.storage import StorageUnreachable, sha256_of
from models import CourseMaterial, FileFault, now

log = logging.getLogger("coursellm.materials")

EVERY = timedelta(days=30)
AGAIN = timedelta(days=1)
MOST_FILES = 100
MOST_BYTES = 512 << 20
MOST_SECONDS = 60
"""What one run reads at most; a file that is begun is read to its end."""


@dataclass(frozen=True, slots=True)
class Due:
    material_id: uuid.UUID
    path: str
    size: int


def verify_some() -> int:
    """Verifies what is due, as much as one run may; how many files that was."""
    with transaction() as session:
        waiting = list_due(session)
    end, size = time.monotonic() + MOST_SECONDS, 0
    for count, one in enumerate(waiting):
        if size > MOST_BYTES or time.monotonic() > end:
            return count
        try:
            fault = _fault_of(one.path)
        except StorageUnreachable as error:
            log.error("files can't be verified: %s", error)
            return count
        with transaction() as session:
            record(session, one.material_id, one.path, fault)
        size += one.size
    return len(waiting)


def list_due(session: Session) -> list[Due]:
    """What is to be read again, deleted materials that can be restored too."""
    material, moment = CourseMaterial, now()
    query = (
        select(material.material_id, material.storage_path, material.file_size_bytes)
        .where(
            or_(
                material.checked_at.is_(None),
                material.checked_at < moment - EVERY,
                and_(material.file_fault.is_not(None), material.checked_at < moment - AGAIN),
            )
        )
        .order_by(material.checked_at.nulls_first())
        .limit(MOST_FILES)
    )
    return [Due(*row) for row in session.execute(query)]


def record(session: Session, material_id: uuid.UUID, path: str, fault: FileFault | None) -> None:
    """Keeps what was found of a material's file, unless it has another one by now."""
    material = session.get(CourseMaterial, material_id, with_for_update=True)
    if material is None or material.storage_path != path:
        return
    if fault:
        log.error("the stored file %s is %s", path, fault.value)
    elif material.file_fault:
        log.warning("the stored file %s is sound again", path)
    material.checked_at, material.file_fault = now(), fault
    if fault is None:
        material.verified_at = material.checked_at
    session.flush()


def list_faulty(session: Session, most: int) -> list[CourseMaterial]:
    """Materials of all courses whose files are damaged or missing, the first noticed first."""
    query = (
        select(CourseMaterial)
        .where(CourseMaterial.file_fault.is_not(None))
        .order_by(CourseMaterial.verified_at.nulls_first(), CourseMaterial.material_id)
        .limit(most)
    )
    return list(session.scalars(query))


def _fault_of(path: str) -> FileFault | None:
    try:
        sha256 = sha256_of(path)
    except FileNotFoundError:
        return FileFault.MISSING
    except OSError:
        log.exception("the stored file %s can't be read", path)
        return FileFault.DAMAGED
    return None if path.endswith(f"/{sha256}") else FileFault.DAMAGED
