"""The vectors that come with the sample course fit its texts."""

import math
from pathlib import Path

import pytest

from app.demo import loading, vectors
from app.demo.content import COURSE, File

STALE = "texts without a vector: start an embedding server and run `flask demo vectors`"


@pytest.mark.parametrize("file", COURSE.files, ids=lambda file: file.name)
def test_every_chunk_of_the_sample_course_has_its_vector(file: File) -> None:
    known = vectors.read()
    texts = loading.texts_of(file)
    assert texts
    assert [text[:60] for text in texts if known.find(text) is None] == [], STALE


def test_file_holds_no_vectors_of_texts_that_are_gone() -> None:
    keys = {vectors.key_of(text) for file in COURSE.files for text in loading.texts_of(file)}
    assert vectors.read().packed.keys() == keys, STALE


def test_vectors_are_of_the_embedded_model_and_of_length_one() -> None:
    known = vectors.read()
    assert (known.model, known.dimensions) == ("multilingual-e5-small", 384)
    text = loading.texts_of(COURSE.files[0])[0]
    found = known.find(text)
    assert found is not None
    assert math.hypot(*found) == pytest.approx(1, abs=0.01)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "vectors.json"
    vectors.write("some-model", ["one", "two"], [[0.5, -1.0], [0.25, 2.0]], path)
    known = vectors.read(path)
    assert known.model == "some-model"
    assert known.find("two") == [0.25, 2.0]
    assert known.find("three") is None
