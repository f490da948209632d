"""The sample course's vectors, which come with it: no model has to run to make it searchable.

A JSON file: the model's name, its width, and for the SHA-256 of each text its vector as
half-precision floats, little-endian, in base64.
"""

import base64
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.demo.content import FILES

PATH = FILES / "vectors.json"


@dataclass(frozen=True)
class VectorFile:
    """Vectors of one model by the hash of the text that each stands for."""

    model: str
    dimensions: int
    packed: Mapping[str, str]

    def find(self, text: str) -> list[float] | None:
        """The vector of a text; None if it is not in the file."""
        found = self.packed.get(key_of(text))
        if found is None:
            return None
        return list(struct.unpack(f"<{self.dimensions}e", base64.b64decode(found)))


def read(path: Path = PATH) -> VectorFile:
    """The file's content."""
    given = json.loads(path.read_text("ascii"))
    return VectorFile(given["model"], given["dimensions"], given["vectors"])


def write(
    model: str, texts: Sequence[str], vectors: Sequence[Sequence[float]], path: Path = PATH
) -> None:
    """Keep these vectors and no others; a line for each, so that changes are easy to see."""
    dimensions = len(vectors[0])
    packed = {
        key_of(text): base64.b64encode(struct.pack(f"<{dimensions}e", *vector)).decode("ascii")
        for text, vector in zip(texts, vectors, strict=True)
    }
    content = {"model": model, "dimensions": dimensions, "vectors": dict(sorted(packed.items()))}
    path.write_text(json.dumps(content, indent=0) + "\n", "ascii")


def key_of(text: str) -> str:
    """What a text is known by: the SHA-256 of its UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
