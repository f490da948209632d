"""A worker that is killed in the middle of indexing: the next one goes on, each chunk once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import Settings
from models import ChunkVector, IndexingStatus, MaterialChunk
from tests.llm.fake_endpoint import FakeEndpoint
from tests.materials import makers
from tests.materials.conftest import Add, Look
from tests.workers import kill, until, worker

LINES = "\n".join(["and of more things that stand in this book"] * 16)
BOOK = makers.pdf([f"Page {n} tells of thing{n}\n{LINES}" for n in range(400)])


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    endpoint = FakeEndpoint()
    endpoint.script.wait_before = 0.05
    yield endpoint
    endpoint.close()


@pytest.mark.parametrize("moment", ["words", "vectors"])
def test_indexing_goes_on_after_the_worker_was_killed(
    session: Session,
    settings: Settings,
    endpoint: FakeEndpoint,
    add: Add,
    look: Look,
    moment: str,
) -> None:
    material_id = add("Book.pdf", BOOK)

    def reached() -> bool:
        found = look(material_id)
        if moment == "words":
            return found.indexing_status is IndexingStatus.PROCESSING
        return found.embedded_count >= 32

    told = replace(settings, embedding_base_url=endpoint.url)
    with worker(told) as first:
        until(reached, 120)
        kill(first)
    assert look(material_id).indexing_status is IndexingStatus.PROCESSING
    with worker(told):
        until(lambda: look(material_id).indexing_status is IndexingStatus.COMPLETED, 240)

    found = look(material_id)
    indexes = session.scalars(
        select(MaterialChunk.chunk_index)
        .where(MaterialChunk.material_id == material_id)
        .order_by(MaterialChunk.chunk_index)
    ).all()
    assert list(indexes) == list(range(found.chunk_count))
    assert session.scalar(select(func.count()).select_from(ChunkVector)) == found.chunk_count
