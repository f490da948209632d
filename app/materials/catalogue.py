"""The course's materials as things with a name: added, listed, put in order, renamed, released."""

import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.deferral import defer
from app.errors import NotFound
from app.materials import twins, versions
from app.materials.files.storage import Stored
from app.materials.readers.kinds import MEDIA_TYPES
from app.materials.visibility import is_for_saving, visible
from models import CourseMaterial, FileType, IndexingStatus

LONGEST_TITLE = 200
GONE = "This file is not here, or not any more: a teacher may have removed or hidden it."
"""The same whether there ever was such a file or not."""
FIRST_READ_PRIORITY = 100
AT_ONCE = 2

_TYPES = {
    "pdf": FileType.PDF,
    "pptx": FileType.PPTX,
    "pptm": FileType.PPTX,
    "docx": FileType.DOCX,
    "docm": FileType.DOCX,
    "md": FileType.MD,
    "markdown": FileType.MD,
    "txt": FileType.TXT,
}
# Marks that turn the direction of what follows, and other characters nobody sees.
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Added:
    """A material after its upload; `is_new` is false where the course had the same file already,
    and `is_kept` too, unless the file takes the place of one that was lost."""

    material: CourseMaterial
    is_new: bool
    is_kept: bool


def add_material(
    session: Session,
    course_id: uuid.UUID,
    uploader_id: uuid.UUID,
    file_name: str,
    material_id: uuid.UUID,
    stored: Stored,
) -> Added:
    """Adds a file that is in the storage already, and the job that reads it."""
    twin = twins.find(session, course_id, stored.sha256)
    if twin is not None:
        if twin.file_fault and twin.storage_path != stored.path:
            twins.mend(session, twin, stored)
        return Added(twin, is_new=False, is_kept=twin.storage_path == stored.path)
    name = clean_name(file_name)
    material = CourseMaterial(
        material_id=material_id,
        course_id=course_id,
        uploader_id=uploader_id,
        title=title_of(name),
        file_type=_TYPES.get(PurePosixPath(name).suffix.lower().lstrip("."), FileType.OTHER),
        file_size_bytes=stored.size,
        storage_path=stored.path,
        details={"name": name},
        position=_last_position(session, course_id) + 1,
    )
    session.add(material)
    session.flush()
    read_soon(session, material)
    audit.record(session, uploader_id, course_id, "material.added", str(material_id))
    return Added(material, is_new=True, is_kept=True)


def read_soon(session: Session, material: CourseMaterial) -> None:
    """Queues the reading of a file. The more of a course wait, the later its next one comes; and
    however slow they are, no more than `AT_ONCE` of a course are read at once."""
    waiting = session.scalar(
        select(func.count()).where(
            CourseMaterial.course_id == material.course_id,
            CourseMaterial.indexing_status == IndexingStatus.PENDING,
        )
    )
    defer(
        session,
        "materials:index_words",
        queue="materials",
        priority=FIRST_READ_PRIORITY - min(waiting or 0, FIRST_READ_PRIORITY),
        lock=f"read:{material.course_id}:{material.material_id.int % AT_ONCE}",
        queueing_lock=reading_of(material.material_id),
        material_id=str(material.material_id),
    )


def reading_of(material_id: uuid.UUID) -> str:
    """The lock under which the job that reads a file waits."""
    return f"words:{material_id}"


def list_materials(session: Session, course_id: uuid.UUID) -> list[CourseMaterial]:
    """All materials of the course: those that need somebody first, then unfinished, then the
    others in the teacher's order."""
    order = {
        IndexingStatus.FAILED: 0,
        IndexingStatus.PENDING: 1,
        IndexingStatus.PROCESSING: 1,
        IndexingStatus.COMPLETED: 2,
    }

    def needed(material: CourseMaterial) -> int:
        return 0 if material.file_fault else order[material.indexing_status]

    return sorted(in_order(session, course_id), key=needed)


def in_order(
    session: Session, course_id: uuid.UUID, *, see_hidden: bool = True
) -> list[CourseMaterial]:
    """All materials of the course in the teacher's order, new ones at the end."""
    query = (
        select(CourseMaterial)
        .where(CourseMaterial.course_id == course_id, visible(see_hidden))
        .order_by(CourseMaterial.position, CourseMaterial.upload_date, CourseMaterial.material_id)
    )
    return list(session.scalars(query))


def in_use_in_order(
    session: Session, course_id: uuid.UUID, *, see_hidden: bool = True
) -> list[CourseMaterial]:
    """The same without the versions that wait to take another's place."""
    materials = in_order(session, course_id, see_hidden=see_hidden)
    ids = {material.material_id for material in materials}
    return [material for material in materials if material.replaces_id not in ids]


def move(session: Session, material: CourseMaterial, steps: int) -> None:
    """Moves the material up (negative) or down in the course's order, as far as it goes."""
    ordered = in_use_in_order(session, material.course_id)
    if material not in ordered:
        return
    place = ordered.index(material)
    ordered.insert(max(place + steps, 0), ordered.pop(place))
    for number, one in enumerate(ordered, start=1):
        one.position = number
    session.flush()


UNFINISHED = (IndexingStatus.PENDING, IndexingStatus.PROCESSING)


def unfinished_of(materials: Iterable[CourseMaterial]) -> int:
    """How many of these are still being worked on."""
    return sum(material.indexing_status in UNFINISHED for material in materials)


def count_unfinished(session: Session, course_id: uuid.UUID) -> int:
    """How many materials of the course are still being worked on."""
    query = select(func.count()).where(
        CourseMaterial.course_id == course_id,
        CourseMaterial.indexing_status.in_(UNFINISHED),
        visible(see_hidden=True),
    )
    return session.scalar(query) or 0


def get_material(
    session: Session, course_id: uuid.UUID, material_id: uuid.UUID, *, see_hidden: bool
) -> CourseMaterial:
    """The material, if it is this course's and may be seen. Raises `NotFound`."""
    material = session.scalar(
        select(CourseMaterial).where(
            CourseMaterial.material_id == material_id,
            CourseMaterial.course_id == course_id,
            visible(see_hidden),
        )
    )
    if material is None:
        raise NotFound(GONE)
    return material


def get_chosen(
    session: Session, course_id: uuid.UUID, material_ids: Iterable[uuid.UUID]
) -> list[CourseMaterial]:
    """Those of these materials that are the course's."""
    query = select(CourseMaterial).where(
        CourseMaterial.course_id == course_id,
        CourseMaterial.material_id.in_(list(material_ids)),
        visible(see_hidden=True),
    )
    return list(session.scalars(query.order_by(CourseMaterial.position)))


def rename(session: Session, material: CourseMaterial, title: str) -> None:
    """Gives the material a title; an empty one leaves the old."""
    cleaned = clean_name(title)[:LONGEST_TITLE].strip()
    material.title = cleaned or material.title
    session.flush()


def release(
    session: Session,
    materials: Iterable[CourseMaterial],
    *,
    is_public: bool,
    at: datetime | None = None,
) -> None:
    """Releases to students at once or from a moment on, or hides; with the versions that wait."""
    for material in versions.with_waiting(session, materials):
        material.is_public = is_public
        material.release_at = at if is_public else None
    session.flush()


def let_save(session: Session, material: CourseMaterial, *, allowed: bool) -> None:
    """Lets students download the file, or not. What goes without saying is not kept, so that a new
    version which holds more than they are shown is looked at anew."""
    material.may_be_saved = None
    if allowed != is_for_saving(material):
        material.may_be_saved = allowed
    for waiting in versions.with_waiting(session, [material]):
        waiting.may_be_saved = material.may_be_saved
    session.flush()


def try_again(session: Session, material: CourseMaterial) -> None:
    """Starts a failed material anew, from where it failed."""
    if material.indexing_status is not IndexingStatus.FAILED:
        return
    material.indexing_status = IndexingStatus.PENDING
    set_details(material, reason=None)
    session.flush()
    read_soon(session, material)


def set_details(material: CourseMaterial, **facts: Any) -> None:
    """Adds facts to `details`; None takes one away."""
    merged = {**(material.details or {}), **facts}
    material.details = {name: value for name, value in merged.items() if value is not None}


def clean_name(name: str) -> str:
    """A file's name without folders, line ends and characters that nobody sees."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(c for c in _UNSEEN.sub("", name) if c.isprintable())
    return name.encode("utf-8", "ignore").decode().strip()[:1000]


def title_of(name: str) -> str:
    """The title that a file gets from its name: without ending and underscores."""
    path = PurePosixPath(name)
    ending = path.suffix.lower().lstrip(".")
    stem = path.stem if ending in _TYPES or ending in MEDIA_TYPES else name
    return stem.replace("_", " ").strip()[:LONGEST_TITLE].strip() or "Untitled"


def _last_position(session: Session, course_id: uuid.UUID) -> int:
    query = select(func.max(CourseMaterial.position)).where(CourseMaterial.course_id == course_id)
    return session.scalar(query) or 0
