"""Files in a folder: whole or not there."""

import errno
import hashlib
import io
import uuid
from pathlib import Path
from typing import IO

import pytest

from app.materials.files.storage import FolderStorage, StorageFull, StorageUnreachable

CONTENT = b"some bytes " * 300_000


def test_a_file_is_kept_under_its_material_and_its_content(tmp_path: Path) -> None:
    storage, material_id = FolderStorage(tmp_path / "files"), uuid.uuid4()
    stored = storage.save(io.BytesIO(CONTENT), material_id)
    assert stored.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (stored.path, stored.size) == (f"{material_id}/{stored.sha256}", len(CONTENT))
    with storage.local(stored.path) as path:
        assert path.read_bytes() == CONTENT


def test_a_deleted_file_leaves_nothing(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    stored = storage.save(io.BytesIO(b"x"), uuid.uuid4())
    storage.delete(stored.path)
    storage.delete(stored.path)
    with pytest.raises(FileNotFoundError), storage.local(stored.path):
        pass
    assert [path for path in tmp_path.rglob("*") if path.name != "incoming"] == []


class BrokenUpload(io.RawIOBase):
    """Gives a piece, then breaks off with the error."""

    def __init__(self, error: OSError) -> None:
        self.error, self.given = error, False

    def read(self, size: int = -1) -> bytes:
        if self.given:
            raise self.error
        self.given = True
        return b"x" * 10


@pytest.mark.parametrize(
    ("error", "raised"),
    [(OSError(errno.ENOSPC, "full"), StorageFull), (OSError(errno.EIO, "broken"), OSError)],
)
def test_an_upload_that_breaks_off_leaves_nothing(
    tmp_path: Path, error: OSError, raised: type[Exception]
) -> None:
    upload: IO[bytes] = BrokenUpload(error)  # type: ignore[assignment]
    with pytest.raises(raised):
        FolderStorage(tmp_path).save(upload, uuid.uuid4())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/b", ""])
def test_only_paths_of_ours_are_opened(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError), FolderStorage(tmp_path).local(path):
        pass


def test_an_empty_mount_point_is_not_a_folder_without_the_file(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "files")
    path = f"{uuid.uuid4()}/{'0' * 64}"
    (tmp_path / "files").mkdir()
    with pytest.raises(StorageUnreachable):
        storage.size(path)
    storage.save(io.BytesIO(b"x"), uuid.uuid4())
    with pytest.raises(FileNotFoundError):
        storage.size(path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "files").write_bytes(b"not a folder")
    with pytest.raises(StorageUnreachable):
        FolderStorage(tmp_path / "files").check()
    FolderStorage(tmp_path / "others").check()
