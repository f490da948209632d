"""Which materials a person may see and be answered from: one condition for every query.

`VISIBLE` is for statements written as text, over the table `course_materials` under its own name,
with the parameters of `parameters()`; `visible()` says the same to SQLAlchemy, and
`tests/materials/test_visibility.py` holds the two equal.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import aliased

from models import CourseMaterial, IndexingStatus, now

_SEEN = """({name}.deleted_at is null and (:see_hidden or ({name}.is_public
    and ({name}.release_at is null or {name}.release_at <= :moment))))"""

VISIBLE = _SEEN.format(name="course_materials")

FINDABLE = f"""({VISIBLE} and course_materials.chunk_count > 0 and not exists (
    select from course_materials as newer
    where newer.replaces_id = course_materials.material_id and newer.chunk_count > 0
    and {_SEEN.format(name="newer")}))"""


def visible(see_hidden: bool, moment: datetime | None = None) -> ColumnElement[bool]:
    """Whether a material may be seen at `moment` (now): not deleted, and released or `see_hidden`.

    The course is not part of it: every query names that beside.
    """
    return _seen(CourseMaterial, see_hidden, moment or now())


def findable(see_hidden: bool, moment: datetime | None = None) -> ColumnElement[bool]:
    """Whether search looks into a material: it may be seen, its text has been read, and no newer
    version of it can be found by the same person."""
    moment = moment or now()
    newer = aliased(CourseMaterial)
    replaced = select(newer.material_id).where(
        newer.replaces_id == CourseMaterial.material_id,
        newer.chunk_count > 0,
        _seen(newer, see_hidden, moment),
    )
    return and_(
        _seen(CourseMaterial, see_hidden, moment),
        CourseMaterial.chunk_count > 0,
        ~replaced.exists(),
    )


def may_save(material: CourseMaterial, *, see_hidden: bool) -> bool:
    """Whether somebody who may see the material may have its file as it was uploaded."""
    is_read = material.indexing_status is IndexingStatus.COMPLETED or material.chunk_count > 0
    is_known = is_read or material.may_be_saved is not None
    return see_hidden or (is_known and is_for_saving(material))


def is_for_saving(material: CourseMaterial) -> bool:
    """Whether students shall have the file once it is read: as a teacher decided; else unless it
    holds more than they are shown of it, hidden slides, or files that may be hidden each for
    itself."""
    if material.may_be_saved is not None:
        return material.may_be_saved
    details = material.details or {}
    return not details.get("hidden_slides") and "unpacked" not in details


def parameters(see_hidden: bool, moment: datetime | None = None) -> dict[str, Any]:
    """The parameters of `VISIBLE` and `FINDABLE`."""
    return {"see_hidden": see_hidden, "moment": moment or now()}


def _seen(
    material: type[CourseMaterial], see_hidden: bool, moment: datetime
) -> ColumnElement[bool]:
    released = and_(
        material.is_public, or_(material.release_at.is_(None), material.release_at <= moment)
    )
    return and_(material.deleted_at.is_(None), true() if see_hidden else released)
