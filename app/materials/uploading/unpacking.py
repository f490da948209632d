"""Turns an archive that a teacher uploaded into the materials that it holds, all of them or none.

The unpacking itself happens in `readers/archive.py`, inside the child process of `sandbox`. The
archive stays in the list and tells what came out of it; students never see it.
"""

import logging
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app import config
from app.extensions import transaction
from app.materials import catalogue
from app.materials.catalogue import LONGEST_TITLE, clean_name, set_details
from app.materials.files import incoming
from app.materials.files.removal import remove
from app.materials.files.storage import Stored, storage
from app.materials.indexing import sandbox
from app.materials.indexing.extraction import SourceUnreadable, sentence_of
from app.materials.readers.kinds import ARCHIVES
from app.materials.readers.page import DAMAGED
from models import CourseMaterial, FileType, IndexingStatus, now

log = logging.getLogger("coursellm.materials")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file out of an archive, safe in the storage."""

    material_id: uuid.UUID
    name: str
    title: str
    stored: Stored


def is_archive(name: str) -> bool:
    """Whether a file of this name is unpacked rather than read."""
    return name.lower().endswith(tuple(f".{ending}" for ending in ARCHIVES))


def unpack_archive(material_id: uuid.UUID, storage_path: str) -> None:
    """Adds the files in the archive as materials of its course. Raises `SourceUnreadable`.

    Run twice it does nothing more: each file's id follows from the archive's.
    """
    with incoming.scratch() as folder:
        files, done = _unpack(storage_path, folder)
        kept = [_keep(material_id, folder, file) for file in files]
    with transaction() as session:
        added = _add_all(session, material_id, kept, done)
    for one in kept:
        if one.material_id not in added:
            remove(one.stored.path)


def _unpack(storage_path: str, folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the archive holds, and what of it was left out."""
    limits = replace(sandbox.Limits(), output=config.current().upload_limit_bytes)
    files: list[dict[str, Any]] = []
    try:
        with storage().local(storage_path) as path:
            for message in sandbox.unpack(path, folder, limits):
                if "fault" in message:
                    raise SourceUnreadable(message["fault"])
                if "done" in message:
                    return files, message["done"]
                files.append(message["file"])
    except sandbox.ChildFailed as failure:
        log.warning("unpacking %s failed: %s", storage_path, failure)
        raise SourceUnreadable(sentence_of(failure, limits)) from failure
    raise SourceUnreadable(DAMAGED)


def _keep(archive_id: uuid.UUID, folder: Path, file: dict[str, Any]) -> Kept:
    material_id = uuid.uuid5(archive_id, str(file["number"]))
    path = folder / str(file["number"])
    with path.open("rb") as content:
        stored = storage().save(content, material_id)
    path.unlink()
    return Kept(material_id, file["name"], file["title"], stored)


def _add_all(
    session: Session, archive_id: uuid.UUID, kept: list[Kept], done: dict[str, Any]
) -> set[uuid.UUID]:
    """The ids of the materials that the files are now; none if the archive is deleted."""
    archive = session.get(CourseMaterial, archive_id, with_for_update=True)
    if archive is None or archive.deleted_at:
        return set()
    ids = set()
    for one in kept:
        added = catalogue.add_material(
            session, archive.course_id, archive.uploader_id, one.name, one.material_id, one.stored
        )
        if not added.is_kept:
            continue
        ids.add(one.material_id)
        if added.is_new:
            title = clean_name(one.title.replace("/", " "))[:LONGEST_TITLE].strip()
            added.material.title = title or added.material.title
            added.material.release_at = archive.release_at
    archive.file_type, archive.is_public = FileType.OTHER, False
    archive.indexing_status, archive.indexed_at = IndexingStatus.COMPLETED, now()
    facts = {"files": len(ids), "known": len(kept) - len(ids), **done}
    set_details(archive, reason=None, media_type="application/zip", unpacked=facts)
    session.flush()
    return ids
