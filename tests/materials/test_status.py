"""What a teacher reads about a material's state."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.materials.status import Stage, State, size_in_words, state_of
from models import CourseMaterial, FileType, IndexingStatus

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def state(status: IndexingStatus, chunks: int = 0, vectors: int = 0, **details: Any) -> State:
    material = CourseMaterial(
        file_type=FileType.PDF,
        file_size_bytes=2_400_000,
        page_count=18,
        indexing_status=status,
        chunk_count=chunks,
        embedded_count=vectors,
        details=details,
    )
    return state_of(material, NOW)


def test_the_stages() -> None:
    assert state(IndexingStatus.PENDING).stage is Stage.WAITING
    assert state(IndexingStatus.PROCESSING).stage is Stage.READING
    assert state(IndexingStatus.PROCESSING, 50, 20).stage is Stage.SEARCHABLE
    assert state(IndexingStatus.COMPLETED, 50, 50).stage is Stage.READY
    failed = state(IndexingStatus.FAILED, reason="The file is empty.")
    assert (failed.stage, failed.reason) == (Stage.FAILED, "The file is empty.")


def test_percent_is_rounded_down_so_that_100_means_done() -> None:
    assert state(IndexingStatus.PROCESSING, 1000, 999).percent == 99


@pytest.mark.parametrize(
    ("vectors", "seconds", "minutes"),
    [(16, 60, None), (100, 60, 2), (299, 60, 1), (40, 600, 65)],
)
def test_the_time_left_is_told_by_the_rate_so_far(
    vectors: int, seconds: int, minutes: int | None
) -> None:
    began = (NOW - timedelta(seconds=seconds)).isoformat()
    found = state(IndexingStatus.PROCESSING, 300, vectors, words_at=began)
    assert found.minutes == minutes


def test_ready_but_for_what_is_missing() -> None:
    assert state(IndexingStatus.COMPLETED, 9, 9, without_text=[4, 5]).without_text == (4, 5)
    assert state(IndexingStatus.COMPLETED, 9, 0).words_only
    assert not state(IndexingStatus.COMPLETED, 9, 9).words_only


def test_a_file_whose_pictures_are_still_being_read_is_unfinished() -> None:
    ready = state(IndexingStatus.COMPLETED, 9, 9, recognising=True)
    assert ready.stage is Stage.READY and ready.recognising and ready.is_unfinished
    assert not state(IndexingStatus.COMPLETED, 9, 9).is_unfinished


def test_what_it_is() -> None:
    assert state(IndexingStatus.COMPLETED, 9, 9).kind == "PDF, 18 pages"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 kB"),
        (10, "1 kB"),
        (43_900, "42 kB"),
        (2_400_000, "2.3 MB"),
        (38 << 20, "38 MB"),
        (200 << 20, "200 MB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert size_in_words(size) == words
