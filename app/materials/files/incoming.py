"""The bytes of uploads on their way in: one file each, outside of what is stored.

Whoever runs web processes on several machines lets them share this folder; where a file is
missing, its upload is begun anew.
"""

import errno
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from app import config
from app.materials.files.storage import StorageFull

SPARE = 64 << 20
"""Bytes that an upload leaves free on the disk."""
SCRATCH = "scratch_"
SCRATCH_KEPT_SECONDS = 24 * 3600


def folder() -> Path:
    """Where uploads wait until they are whole."""
    return config.current().data_dir / "uploads"


def check_room(size: int) -> None:
    """Raises `StorageFull` where `size` bytes have no room."""
    folder().mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder()).free < size + SPARE:
        raise StorageFull(reason=f"no room for an upload of {size} bytes")


def are_there(upload_id: uuid.UUID, count: int) -> bool:
    """Whether so many bytes are here."""
    with suppress(FileNotFoundError):
        return _path(upload_id).stat().st_size >= count
    return count == 0


def write(upload_id: uuid.UUID, offset: int, piece: bytes) -> None:
    """Writes at `offset` and forces it to disk. Raises `StorageFull`."""
    handle = os.open(_path(upload_id), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        written = 0
        while written < len(piece):
            written += os.pwrite(handle, piece[written:], offset + written)
        os.fsync(handle)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(reason=str(error)) from error
        raise
    finally:
        os.close(handle)


def whole(upload_id: uuid.UUID) -> AbstractContextManager[IO[bytes]]:
    """The file, for reading. Raises FileNotFoundError."""
    return _path(upload_id).open("rb")


def discard(upload_id: uuid.UUID) -> None:
    """Forgets the bytes; nothing happens if there are none."""
    _path(upload_id).unlink(missing_ok=True)


def ids() -> list[uuid.UUID]:
    """The uploads that have a file here."""
    return [uuid.UUID(path.name) for path in folder().glob("*-*")]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what one step needs on this machine."""
    folder().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH, dir=folder()) as path:
        yield Path(path)


def clear_scratch() -> None:
    """Removes what a killed process left of such folders."""
    for path in folder().glob(f"{SCRATCH}*"):
        if path.stat().st_mtime < time.time() - SCRATCH_KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _path(upload_id: uuid.UUID) -> Path:
    return folder() / str(upload_id)
