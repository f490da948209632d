"""The one condition of visibility, in its two spellings, over every kind of material."""

import itertools
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.materials.catalogue import get_material
from app.materials.visibility import FINDABLE, VISIBLE, findable, parameters, visible
from models import Course, CourseMaterial, now
from tests import factories

MOMENT = now()
PAST, FUTURE = MOMENT - timedelta(days=1), MOMENT + timedelta(days=1)


@pytest.fixture
def shelf(session: Session, course: Course) -> dict[uuid.UUID, dict[str, object]]:
    """A material of each kind, and for each of them a newer version of each kind."""
    facts = [
        {"is_public": public, "release_at": release, "deleted_at": deleted, "chunk_count": chunks}
        for public, release, deleted, chunks in itertools.product(
            (True, False), (None, PAST, MOMENT, FUTURE), (None, PAST), (0, 3)
        )
    ]
    made = {}
    for older, newer in itertools.product(facts, [None, *facts]):
        first = factories.material(session, course, **older)
        made[first.material_id] = {**older, "newer": newer}
        if newer is not None:
            factories.material(session, course, **newer, replaces_id=first.material_id)
    session.commit()
    return made


def may_be_seen(fact: dict[str, object], see_hidden: bool) -> bool:
    if fact["deleted_at"] is not None:
        return False
    return see_hidden or (bool(fact["is_public"]) and fact["release_at"] in (None, PAST, MOMENT))


def may_be_found(fact: dict[str, object], see_hidden: bool) -> bool:
    newer = fact["newer"]
    replaced = isinstance(newer, dict) and newer["chunk_count"] and may_be_seen(newer, see_hidden)
    return may_be_seen(fact, see_hidden) and bool(fact["chunk_count"]) and not replaced


@pytest.mark.parametrize("see_hidden", [True, False])
def test_both_spellings_are_the_rule(
    session: Session, shelf: dict[uuid.UUID, dict[str, object]], see_hidden: bool
) -> None:
    for spelled, written, rule in (
        (visible(see_hidden, MOMENT), VISIBLE, may_be_seen),
        (findable(see_hidden, MOMENT), FINDABLE, may_be_found),
    ):
        wanted = {key for key, fact in shelf.items() if rule(fact, see_hidden)}
        by_model = set(session.scalars(select(CourseMaterial.material_id).where(spelled)))
        by_text = set(
            session.scalars(
                text(f"select material_id from course_materials where {written}"),
                parameters(see_hidden, MOMENT),
            )
        )
        assert by_model & shelf.keys() == wanted
        assert by_model == by_text


@pytest.mark.parametrize(
    ("given", "student", "teacher"),
    [
        ({}, True, True),
        ({"is_public": False}, False, True),
        ({"release_at": FUTURE}, False, True),
        ({"release_at": PAST}, True, True),
        ({"deleted_at": PAST}, False, False),
    ],
)
def test_a_material_that_may_not_be_seen_does_not_exist(
    session: Session, course: Course, given: dict[str, object], student: bool, teacher: bool
) -> None:
    material = factories.material(session, course, **given)
    for see_hidden, may in ((False, student), (True, teacher)):
        if may:
            found = get_material(
                session, course.course_id, material.material_id, see_hidden=see_hidden
            )
            assert found is material
        else:
            with pytest.raises(NotFound):
                get_material(session, course.course_id, material.material_id, see_hidden=see_hidden)
