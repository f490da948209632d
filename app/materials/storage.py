"""Keeps the files themselves, outside the web root: a folder now, object storage by the same doors.

A file is named by its material and its content: `<material id>/<SHA-256>`. It is written under
another name, forced to disk and then renamed, so that a name that exists holds the whole file.
"""

import errno
import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

from app import config
from app.errors import DomainError

PIECE = 1 << 20
_PATH = re.compile(r"[0-9a-f-]{36}/[0-9a-f]{64}")


class StorageFull(DomainError):
    status = 507
    sentence = (
        "There is no room left for files on the server. Nothing was saved. Please tell the people "
        "who run CourseLLM."
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is safe: its path in the storage, its size in bytes, its SHA-256."""

    path: str
    size: int
    sha256: str


class Storage(Protocol):
    """What any storage does."""

    def save(self, content: IO[bytes], material_id: uuid.UUID) -> Stored:
        """Keep everything that `content` gives. Raises `StorageFull`."""

    def local(self, path: str) -> AbstractContextManager[Path]:
        """The file as one on this machine, while the context lasts. Raises FileNotFoundError."""

    def delete(self, path: str) -> None:
        """Forget the file; nothing happens if it is not there."""


def storage() -> Storage:
    """The storage of the settings."""
    return FolderStorage(Path(unquote(urlsplit(config.current().storage_url).path)))


class FolderStorage:
    """Files in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, content: IO[bytes], material_id: uuid.UUID) -> Stored:
        incoming = self.root / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        draft = incoming / uuid.uuid4().hex
        try:
            size, sha256 = _write(content, draft)
            target = self.root / str(material_id) / sha256
            target.parent.mkdir(exist_ok=True)
            draft.replace(target)
            _to_disk(target.parent)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(reason=str(error)) from error
            raise
        finally:
            draft.unlink(missing_ok=True)
        return Stored(f"{material_id}/{sha256}", size, sha256)

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        found = self._at(path)
        if not found.is_file():
            raise FileNotFoundError(path)
        yield found

    def delete(self, path: str) -> None:
        target = self._at(path)
        target.unlink(missing_ok=True)
        with suppress(OSError):
            target.parent.rmdir()

    def _at(self, path: str) -> Path:
        """Paths come from our own rows; anything else is a mistake, not a request."""
        if not _PATH.fullmatch(path):
            raise ValueError(f"no path of a stored file: {path!r}")
        return self.root / path


def _write(content: IO[bytes], target: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        while piece := content.read(PIECE):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def _to_disk(folder: Path) -> None:
    """Force the folder's own entry to disk: without it a crash could forget the new name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
