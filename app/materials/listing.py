"""A material as a row of the teacher's page."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import said, zone_of
from app.materials.catalogue import count_unfinished
from app.materials.status import Stage, State, size_in_words, state_of
from app.materials.versions import waiting_for
from models import Course, CourseMaterial, now

FILES_PER_SECOND = 8
"""Unfinished files for each second between two looks of the page at one of them."""


@dataclass(frozen=True, slots=True)
class Version:
    """A new version that waits to take a material's place, or could not."""

    material: CourseMaterial
    state: State


@dataclass(frozen=True, slots=True)
class Row:
    """A material that is in use, and the new versions of it that are not yet; `pace` in seconds
    between two looks, None once all is finished."""

    material: CourseMaterial
    state: State
    size: str
    pace: int | None
    released: str
    versions: tuple[Version, ...]

    @property
    def needs_attention(self) -> bool:
        """Whether somebody has to do something about it."""
        states = (self.state, *(version.state for version in self.versions))
        is_failed = any(state.stage is Stage.FAILED for state in states)
        return is_failed or self.material.file_fault is not None


def rows_of(
    session: Session, course_id: uuid.UUID, materials: Sequence[CourseMaterial]
) -> list[Row]:
    """The rows of these materials of the course; a version that waits for another's place stands
    in that one's row."""
    zone = zone_of(session.get_one(Course, course_id).time_zone)
    pace = max(1, count_unfinished(session, course_id) // FILES_PER_SECOND)
    moment = now()
    in_use = _in_use(session, materials)
    waiting = waiting_for(session, [material.material_id for material in in_use])
    rows = []
    for material in in_use:
        state = state_of(material, moment)
        versions = tuple(
            Version(one, state_of(one, moment)) for one in waiting.get(material.material_id, ())
        )
        is_unfinished = any(one.is_unfinished for one in (state, *(v.state for v in versions)))
        rows.append(
            Row(
                material,
                state,
                size_in_words(material.file_size_bytes),
                pace if is_unfinished else None,
                released(material, zone, moment),
                versions,
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
    """When a material that students may see later opens to them: "Monday 5 March, 08:00
    Europe/Madrid"; where the day alone says it, "Monday 5 March"."""
    at = material.release_at
    if not material.is_public or at is None or at <= moment:
        return None
    words = f"{at.astimezone(zone):%A} {said(at, zone, moment)}"
    day = words.removesuffix(", 00:00")
    return day if day != words else f"{words} {zone}".replace("_", " ")


def _in_use(session: Session, materials: Sequence[CourseMaterial]) -> list[CourseMaterial]:
    """These materials, each once; for one that waits for another's place that other one."""
    ids = [material.replaces_id for material in materials if material.replaces_id]
    query = select(CourseMaterial).where(
        CourseMaterial.material_id.in_(ids), CourseMaterial.deleted_at.is_(None)
    )
    older = {one.material_id: one for one in session.scalars(query)} if ids else {}
    found = (older.get(one.replaces_id, one) if one.replaces_id else one for one in materials)
    return list(dict.fromkeys(found))
