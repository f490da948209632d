"""Keeps the files themselves, outside the web root: in a folder, or in a bucket (`bucket.py`).

A file is named by a material and its content: `<material id>/<SHA-256>`. A name that exists holds
the whole file, and what it holds never changes.
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


class StorageUnreachable(DomainError):
    """The storage does not answer or refuses us. It says nothing of any single file."""

    status = 503
    sentence = (
        "The place where files are kept cannot be reached at the moment. Nothing is lost. Please "
        "try again in a few minutes."
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is safe: its path in the storage, its size in bytes, its SHA-256."""

    path: str
    size: int
    sha256: str


class Storage(Protocol):
    """What any storage does. All of it may raise `StorageUnreachable`, and waits for disk or
    network: not to be called inside a transaction."""

    def save(self, content: IO[bytes], material_id: uuid.UUID) -> Stored:
        """Keep everything that `content`, read from where it stands, gives. Raises `StorageFull`.

        `content` may be read twice.
        """

    def size(self, path: str) -> int:
        """The file's size in bytes. Raises FileNotFoundError."""

    def pieces(self, path: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, in pieces of `PIECE` at most."""

    def local(self, path: str) -> AbstractContextManager[Path]:
        """The file as one on this machine, while the context lasts. Raises FileNotFoundError."""

    def delete(self, path: str) -> None:
        """Forget the file; nothing happens if it is not there."""

    def check(self) -> None:
        """Raises `StorageUnreachable` where files can't be kept."""


def storage() -> Storage:
    """The storage of the settings."""
    settings = config.current()
    if urlsplit(settings.storage_url).scheme == "s3":
        from app.materials.files.bucket import bucket_storage

        return bucket_storage(settings.storage_url, settings.storage_endpoint)
    return FolderStorage(Path(unquote(urlsplit(settings.storage_url).path)))


def checked(path: str) -> str:
    """Paths come from our own rows; anything else is a mistake, not a request."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"no path of a stored file: {path!r}")
    return path


def sha256_of(path: str) -> str:
    """Reads the stored file whole. Raises FileNotFoundError."""
    digest = hashlib.sha256()
    for piece in storage().pieces(path, 0, storage().size(path)):
        digest.update(piece)
    return digest.hexdigest()


class FolderStorage:
    """Files in a folder of this machine, or of several that share it.

    A file is written under another name, forced to disk and then renamed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, content: IO[bytes], material_id: uuid.UUID) -> Stored:
        draft = self._incoming() / uuid.uuid4().hex
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

    def size(self, path: str) -> int:
        return self._found(path).stat().st_size

    def pieces(self, path: str, start: int, stop: int) -> Iterator[bytes]:
        with self._found(path).open("rb") as file:
            file.seek(start)
            while start < stop and (piece := file.read(min(PIECE, stop - start))):
                start += len(piece)
                yield piece

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        yield self._found(path)

    def delete(self, path: str) -> None:
        target = self.root / checked(path)
        target.unlink(missing_ok=True)
        with suppress(OSError):
            target.parent.rmdir()

    def check(self) -> None:
        if not os.access(self._incoming(), os.W_OK):
            raise StorageUnreachable(reason=f"{self.root} can't be written")

    def _found(self, path: str) -> Path:
        found = self.root / checked(path)
        if found.is_file():
            return found
        # It is made with the first file: without it this is an empty mount point, not our folder.
        if not (self.root / "incoming").is_dir():
            raise StorageUnreachable(reason=f"{self.root} does not hold our files")
        raise FileNotFoundError(path)

    def _incoming(self) -> Path:
        incoming = self.root / "incoming"
        try:
            incoming.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnreachable(reason=str(error)) from error
        return incoming


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
