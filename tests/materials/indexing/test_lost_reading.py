"""A file is read in the end, though the job that began to read it is lost."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import Settings
from app.materials import jobs
from app.materials.indexing import steps
from models import IndexingStatus
from tests.materials import makers
from tests.materials.conftest import Add, Look, Model
from tests.materials.queued import GIVEN_UP, run, waiting, work

CHUNKS = text("select count(*) from material_chunks where material_id = :material")


@pytest.fixture
def begun(session: Session, add: Add) -> Callable[..., uuid.UUID]:
    """Adds a file of which the reading has begun, and nothing come of it."""

    def begun(name: str, content: bytes) -> uuid.UUID:
        material_id = add(name, content)
        assert steps.begin_reading(session, material_id) is not None
        session.commit()
        return material_id

    return begun


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"Osmosis moves water."),
        ("a.zip", makers.zip_of("b.txt")),
    ],
)
def test_a_file_whose_job_is_lost_is_read_anew(
    session: Session,
    settings: Settings,
    model: Model,
    begun: Callable[..., uuid.UUID],
    look: Look,
    name: str,
    content: bytes,
) -> None:
    material_id = begun(name, content)
    run(session, GIVEN_UP)
    assert look(material_id).indexing_status is IndexingStatus.PROCESSING
    for _ in range(2):
        jobs.sweep(0)
        assert waiting(session, "index_words") == ["todo"], "once, however often one sweeps"
    jobs.index_words(str(material_id))  # run twice: by hand, and by the worker
    work(session, settings)
    found = look(material_id)
    assert found.indexing_status is IndexingStatus.COMPLETED
    is_read = session.scalar(CHUNKS, {"material": material_id}) == found.chunk_count > 0
    assert is_read or (found.details or {})["unpacked"]["files"] == 1


@pytest.mark.parametrize("status", ["todo", "doing"])
def test_one_whose_job_lives_is_left_to_it(
    session: Session, model: Model, begun: Callable[..., uuid.UUID], status: str
) -> None:
    begun("a.txt", b"Osmosis moves water.")
    run(session, f"update procrastinate_jobs set status = '{status}'")
    jobs.sweep(0)
    assert waiting(session, "index_words") == [status]


def test_one_that_is_deleted_waits_for_its_way_back(
    session: Session, model: Model, begun: Callable[..., uuid.UUID]
) -> None:
    begun("a.txt", b"Osmosis moves water.")
    run(session, GIVEN_UP)
    run(session, "update course_materials set deleted_at = now()")
    jobs.sweep(0)
    assert waiting(session, "index_words") == []
    run(session, "update course_materials set deleted_at = null")
    jobs.sweep(0)
    assert waiting(session, "index_words") == ["todo"]
