"""A practice set's one concept becomes the first of several, and the way back keeps one."""

import uuid
from collections.abc import Iterator

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.extensions import db
from models import Activity, ActivityKind
from tests import factories


@pytest.fixture
def whole_again(app: object) -> Iterator[None]:
    yield
    upgrade()


def _set(session: Session, *names: str) -> uuid.UUID:
    course = factories.course(session)
    activity = Activity(
        course_id=course.course_id,
        kind=ActivityKind.PRACTICE if names else ActivityKind.TUTOR,
        title="Set",
        concepts=[factories.concept(session, course, name=name) for name in names],
        created_by=factories.user(session).user_id,
    )
    session.add(activity)
    session.flush()
    return activity.activity_id


def _all(connection: Connection, statement: str) -> dict[uuid.UUID, str | None]:
    return {row[0]: row[1] for row in connection.execute(text(statement))}


@pytest.mark.usefixtures("whole_again")
def test_the_concept_of_each_set_moves_over_and_back(session: Session) -> None:
    one, several = _set(session, "Loops"), _set(session, "Strings", "lists")
    tutor = _set(session)
    session.commit()
    session.close()

    downgrade(revision="0001")
    with db.engine.begin() as connection:
        kept = _all(
            connection,
            "select activity_id, name from activities left join concepts using (concept_id)",
        )
    assert kept == {one: "Loops", several: "lists", tutor: None}

    upgrade()
    with db.engine.begin() as connection:
        moved = _all(
            connection,
            "select activity_id, name from activity_concepts join concepts using (concept_id)",
        )
    assert moved == {one: "Loops", several: "lists"}


@pytest.mark.usefixtures("whole_again")
def test_on_the_way_back_a_set_without_concepts_is_let_go(session: Session) -> None:
    empty = _set(session, "Loops")
    session.execute(text("delete from activity_concepts"))
    session.commit()
    session.close()
    downgrade(revision="0001")
    with db.engine.begin() as connection:
        assert empty not in _all(connection, "select activity_id, title from activities")
