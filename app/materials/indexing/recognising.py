"""The queue of files with pages that are pictures. Each takes minutes, so one is read at a time,
whatever the course; and the more of a course wait, the later its next one comes.
"""

import uuid

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.deferral import defer, under_way
from app.materials.catalogue import set_details
from app.materials.visibility import visible
from models import CourseMaterial

LOCK = "materials:recognition"
LAST_IN_TURN = 99
"""Still before any vectors."""


def recognise_soon(session: Session, material_id: uuid.UUID) -> None:
    """Says of a file that its pictures are to be read, and queues that."""
    material = session.get(CourseMaterial, material_id, with_for_update=True)
    if material is None:
        return
    set_details(material, recognising=True, without_text=None)
    queue_recognition(session, material)


def queue_recognition(session: Session, material: CourseMaterial) -> None:
    """Queues the reading of a file's pictures, unless that waits already."""
    others = session.scalar(
        select(func.count()).where(
            CourseMaterial.course_id == material.course_id,
            CourseMaterial.material_id != material.material_id,
            _is_to_be_recognised(),
        )
    )
    defer(
        session,
        "materials:recognise",
        queue="materials",
        priority=-min(others or 0, LAST_IN_TURN),
        lock=LOCK,
        queueing_lock=_lock_of(material),
        material_id=str(material.material_id),
    )


def queue_unrecognised(session: Session) -> None:
    """Queues the files whose job was lost: one that gave up, or found its file deleted."""
    wanted = session.scalars(select(CourseMaterial).where(_is_to_be_recognised())).all()
    busy = under_way(session, [_lock_of(material) for material in wanted])
    for material in wanted:
        if _lock_of(material) not in busy:
            queue_recognition(session, material)


def _lock_of(material: CourseMaterial) -> str:
    return f"recognise:{material.material_id}"


def _is_to_be_recognised() -> ColumnElement[bool]:
    return and_(CourseMaterial.details["recognising"].as_boolean(), visible(see_hidden=True))
