"""Materials that have vectors already get the sum of those that their course is searched by."""

import uuid
from collections.abc import Iterator, Sequence

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy.orm import Session

from app.extensions import db
from models import ChunkVector, Course, CourseMaterial, MaterialChunk
from tests import factories


@pytest.fixture
def whole_again(app: object) -> Iterator[None]:
    yield
    upgrade()


def _material(session: Session, course: Course, **vectors: Sequence[list[float]]) -> uuid.UUID:
    """A material with these vectors, by their model."""
    material_id = factories.material(session, course).material_id
    for index in range(max((len(made) for made in vectors.values()), default=0)):
        where = {"material_id": material_id, "chunk_index": index}
        chunk = MaterialChunk(content="text", token_count=1, **where)
        session.add(chunk)
        session.flush()
        session.add_all(
            ChunkVector(
                chunk_id=chunk.chunk_id,
                course_id=course.course_id,
                model=model,
                embedding=made[index],
                **where,
            )
            for model, made in vectors.items()
        )
    return material_id


@pytest.mark.usefixtures("whole_again")
def test_what_is_there_is_summed_up_on_the_way(session: Session) -> None:
    course = factories.course(session, embedding_model="old", next_embedding_model="new")
    moving = _material(session, course, old=[[0.5, 0.25], [0.5, -1]], new=[[1, 1, 1], [1, 1, 1]])
    done_by_the_next_one = _material(session, course, new=[[1, 1, 1]])
    without = _material(session, course)
    session.commit()
    session.close()
    downgrade(revision="0004")
    upgrade()
    with Session(db.engine) as again:
        sums = {
            key: again.get_one(CourseMaterial, key).vector_sum
            for key in (moving, done_by_the_next_one, without)
        }
    assert sums == {moving: [1.0, -0.75], done_by_the_next_one: None, without: None}
