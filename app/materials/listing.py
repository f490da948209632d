"""A material as a row of the teacher's page."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import said, zone_of
from app.materials.catalogue import count_unfinished
from app.materials.status import State, size_in_words, state_of
from models import Course, CourseMaterial, now

FILES_PER_SECOND = 8
"""Unfinished files for each second between two looks of the page at one of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A material; `pace` in seconds between two looks, None once finished; `replaces` the title of
    the version that is in use until this one is read."""

    material: CourseMaterial
    state: State
    size: str
    pace: int | None
    released: str
    replaces: str | None


def rows_of(
    session: Session, course_id: uuid.UUID, materials: Sequence[CourseMaterial]
) -> list[Row]:
    """The rows of these materials of the course."""
    zone = zone_of(session.get_one(Course, course_id).time_zone)
    pace = max(1, count_unfinished(session, course_id) // FILES_PER_SECOND)
    older = _titles(session, [one.replaces_id for one in materials if one.replaces_id])
    moment = now()
    rows = []
    for material in materials:
        state = state_of(material, moment)
        rows.append(
            Row(
                material,
                state,
                size_in_words(material.file_size_bytes),
                pace if state.is_unfinished else None,
                released(material, zone, moment),
                older.get(material.replaces_id) if material.replaces_id else None,
            )
        )
    return rows


def released(material: CourseMaterial, zone: tzinfo, moment: datetime) -> str:
    """Whether and when students may see the material and get answers from it."""
    if not material.is_public:
        return "Hidden from students"
    opens = opening(material, zone, moment)
    return f"From {opens}" if opens else "Released"


def opening(material: CourseMaterial, zone: tzinfo, moment: datetime) -> str | None:
    """When a material that students may see later opens to them: "Monday 5 March, 08:00"."""
    at = material.release_at
    if not material.is_public or at is None or at <= moment:
        return None
    return f"{at.astimezone(zone):%A} {said(at, zone, moment)}".removesuffix(", 00:00")


def _titles(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Titles of those of the materials that are in use."""
    material = CourseMaterial
    query = select(material.material_id, material.title).where(
        material.material_id.in_(ids), material.deleted_at.is_(None)
    )
    return {row.material_id: row.title for row in session.execute(query)} if ids else {}
