"""Uploads that can be gone on with: begun, continued at the byte that is safe, ended, forgotten.

What counts as received stands in the row. A piece is counted in the transaction in which it was
forced to disk: whoever goes on, after whatever broke off, begins at a byte before which all are
safe. Of two requests that send the same piece, one counts and the other ends.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from werkzeug.exceptions import ClientDisconnected

from app.errors import DomainError, NotFound
from app.extensions import transaction
from app.materials import catalogue
from app.materials.catalogue import Added
from app.materials.files import incoming
from app.materials.files.removal import remove
from app.materials.files.storage import PIECE, StorageUnreachable, Stored, storage
from app.materials.uploading.intake import add_file, check_size
from app.materials.versions import hold
from app.materials.whereabouts import in_use_for
from models import CourseMaterial, Upload, now

KEPT_FOR = timedelta(days=1)
"""How long an upload waits to be gone on with."""
MOST_UNFINISHED = 500
OVERDUE = timedelta(minutes=2)
ARRIVED = (
    "The file has arrived, but the place where files are kept cannot be reached at the moment. It "
    "is added by itself as soon as that works again."
)


class UploadGone(DomainError):
    status = 410
    sentence = "This upload cannot be gone on with. Choose the file again."


class WrongOffset(DomainError):
    status = 409
    sentence = "The upload has gone on elsewhere."


class TooManyUploads(DomainError):
    status = 429
    sentence = (
        "There are too many unfinished uploads of yours in this course. Finish or discard some of "
        "them first."
    )


class EmptyFile(DomainError):
    status = 422
    sentence = "The file is empty. Check it on your computer and choose it again."


class Source(Protocol):
    """What bytes come from: a request, whose connection may drop."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Announced:
    """A file as the browser announces it; `replaces_id` the material that it is a version of."""

    name: str
    size: int
    modified: int | None = None
    replaces_id: uuid.UUID | None = None


def begin(session: Session, course_id: uuid.UUID, user_id: uuid.UUID, file: Announced) -> Upload:
    """A new upload, nothing of it received. Raises a `DomainError` that says why there is none."""
    if not file.size:
        raise EmptyFile
    check_size(file.size)
    incoming.check_room(file.size)
    if len(list_unfinished(session, course_id, user_id)) >= MOST_UNFINISHED:
        raise TooManyUploads
    if file.replaces_id and not in_use_for(session, course_id, file.replaces_id):
        raise NotFound(catalogue.GONE)
    upload = Upload(
        course_id=course_id,
        user_id=user_id,
        name=catalogue.clean_name(file.name),
        size=file.size,
        modified=file.modified,
        replaces_id=file.replaces_id,
        received=0,
        expires_at=now() + KEPT_FOR,
    )
    session.add(upload)
    session.flush()
    return upload


def get(session: Session, course_id: uuid.UUID, user_id: uuid.UUID, upload_id: uuid.UUID) -> Upload:
    """The person's own upload in this course. Raises `NotFound`."""
    upload = session.scalar(
        select(Upload).where(
            Upload.upload_id == upload_id,
            Upload.course_id == course_id,
            Upload.user_id == user_id,
            Upload.expires_at > now(),
        )
    )
    if upload is None:
        raise NotFound(UploadGone.sentence)
    return upload


def list_unfinished(session: Session, course_id: uuid.UUID, user_id: uuid.UUID) -> list[Upload]:
    """The person's uploads in this course that can be gone on with, the oldest first."""
    query = (
        select(Upload)
        .where(
            Upload.course_id == course_id,
            Upload.user_id == user_id,
            Upload.material_id.is_(None),
            Upload.expires_at > now(),
        )
        .order_by(Upload.created_at, Upload.upload_id)
    )
    return list(session.scalars(query))


def receive(upload: Upload, offset: int, source: Source) -> int:
    """Takes what the source gives from `offset` on; how many bytes are safe when it ends.

    Raises `UploadGone` if safe bytes are missing on this machine, `WrongOffset` if others are
    wanted, `StorageFull`.
    """
    if not incoming.are_there(upload.upload_id, upload.received):
        raise UploadGone(reason=f"bytes of upload {upload.upload_id} are missing")
    if upload.received != offset:
        raise WrongOffset(reason=f"{offset} instead of {upload.received}")
    while offset < upload.size:
        try:
            piece = source.read(min(PIECE, upload.size - offset))
        except (OSError, ClientDisconnected):
            break
        if not piece:
            break
        with transaction() as session:
            _count(session, upload, offset, len(piece))
            incoming.write(upload.upload_id, offset, piece)
        offset += len(piece)
    return offset


def _count(session: Session, upload: Upload, offset: int, size: int) -> None:
    """Counts a piece, and holds the row until it has been written."""
    counted = session.execute(
        update(Upload)
        .where(Upload.upload_id == upload.upload_id, Upload.received == offset)
        .values(received=offset + size, expires_at=now() + KEPT_FOR)
        .returning(Upload.upload_id)
    )
    if counted.scalar() is None:
        raise WrongOffset(reason=f"another request has gone on from {offset}")


def finish(upload: Upload) -> Added:
    """The material that a whole upload becomes; can be done twice. Raises `UploadGone`."""
    stored = None if upload.material_id else _keep(upload)
    with transaction() as session:
        added = _turn_into_material(session, upload, stored)
    if stored and not added.is_kept:
        remove(stored.path)
    incoming.discard(upload.upload_id)
    return added


def _keep(upload: Upload) -> Stored:
    """Puts the whole file into the storage, under the upload's id."""
    try:
        with incoming.whole(upload.upload_id) as content:
            return storage().save(content, upload.upload_id)
    except FileNotFoundError as error:
        raise UploadGone(reason=f"no bytes of upload {upload.upload_id}") from error
    except StorageUnreachable as error:
        raise StorageUnreachable(ARRIVED, reason=error.reason) from error


def _turn_into_material(session: Session, upload: Upload, stored: Stored | None) -> Added:
    hold(session, [upload.replaces_id] if upload.replaces_id else [])
    upload = session.get_one(Upload, upload.upload_id, with_for_update=True)
    if upload.material_id is not None or stored is None:
        material = session.get_one(CourseMaterial, upload.material_id)
        is_new = material.material_id == upload.upload_id
        is_kept = material.storage_path.startswith(f"{upload.upload_id}/")
        return Added(material, is_new, is_kept)
    added = add_file(
        session,
        upload.course_id,
        upload.user_id,
        upload.name,
        upload.upload_id,
        stored,
        upload.replaces_id,
    )
    upload.material_id = added.material.material_id
    session.flush()
    return added


def forget(session: Session, upload: Upload) -> None:
    """Forgets an upload; its bytes are the caller's to discard."""
    session.execute(delete(Upload).where(Upload.upload_id == upload.upload_id))


def list_left_whole(session: Session) -> list[Upload]:
    """Uploads of which all is there and whose last step was broken off a while ago."""
    query = select(Upload).where(
        Upload.received == Upload.size,
        Upload.material_id.is_(None),
        Upload.expires_at.between(now(), now() + KEPT_FOR - OVERDUE),
    )
    return list(session.scalars(query))


def sweep(session: Session) -> list[uuid.UUID]:
    """Forgets what has waited too long; gives the uploads whose bytes are of no more use."""
    session.execute(delete(Upload).where(Upload.expires_at < now()))
    there = incoming.ids()
    wanted = select(Upload.upload_id).where(
        Upload.upload_id.in_(there), Upload.material_id.is_(None)
    )
    return sorted(set(there) - set(session.scalars(wanted)))
