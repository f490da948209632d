"""Files in a bucket, on a real S3 server: whole or not there, streamed, and clear about faults."""

import hashlib
import io
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app import config
from app.materials.files import incoming
from app.materials.files.bucket import BucketStorage
from app.materials.files.storage import StorageUnreachable, Stored, storage
from scripts.probes import free_port
from tests.materials.conftest import Bucket
from tests.materials.s3 import S3Server

BIG = b"some bytes of a large file. " * 800_000  # three parts
ROOT = Path(__file__).parents[3]


def keep(content: bytes) -> Stored:
    return storage().save(io.BytesIO(content), uuid.uuid4())


def test_the_settings_choose_the_bucket(bucket: Bucket) -> None:
    assert isinstance(storage(), BucketStorage)
    storage().check()
    assert bucket.objects() == {}


@pytest.mark.parametrize("content", [b"", b"x", BIG], ids=["empty", "small", "parts"])
def test_a_file_is_kept_under_prefix_material_and_content(bucket: Bucket, content: bytes) -> None:
    stored = keep(content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest() and stored.size == len(content)
    assert bucket.objects() == {f"course/llm/{stored.path}": len(content)}
    assert storage().size(stored.path) == len(content)
    with storage().local(stored.path) as path:
        assert path.read_bytes() == content
    assert not path.exists()
    storage().delete(stored.path)
    storage().delete(stored.path)
    assert bucket.objects() == {}


def test_only_what_follows_is_kept_and_of_any_kind_of_file(bucket: Bucket) -> None:
    with tempfile.SpooledTemporaryFile(max_size=100) as spooled:
        spooled.write(BIG[:50_000])
        spooled.seek(10)
        stored = storage().save(spooled, uuid.uuid4())
    assert stored.size == 49_990
    assert stored.sha256 == hashlib.sha256(BIG[10:50_000]).hexdigest()


def test_ranges_are_asked_of_the_server_in_pieces(bucket: Bucket) -> None:
    stored = keep(BIG)
    assert b"".join(storage().pieces(stored.path, 3, 9)) == BIG[3:9]
    pieces = list(storage().pieces(stored.path, 100, 100 + (5 << 19)))
    assert b"".join(pieces) == BIG[100 : 100 + (5 << 19)]
    assert [len(piece) for piece in pieces] == [1 << 20, 1 << 20, 1 << 19]


class Broken(io.BytesIO):
    """Can be read once; its disk fails when it is read again."""

    def seek(self, position: int, whence: int = 0) -> int:
        self.failing = self.tell() > 0
        return super().seek(position, whence)

    def read(self, size: int | None = -1) -> bytes:
        if getattr(self, "failing", False) and self.tell() > 10 << 20:
            raise OSError(5, "broken")
        return super().read(size)


def test_an_upload_that_breaks_off_leaves_nothing(bucket: Bucket) -> None:
    with pytest.raises(OSError, match="broken"):
        storage().save(Broken(BIG), uuid.uuid4())
    assert bucket.objects() == {} and bucket.server.unfinished(bucket.name) == 0


def test_an_object_that_is_gone_is_told_from_a_bucket_that_is_gone(bucket: Bucket) -> None:
    stored = keep(b"x")
    storage().delete(stored.path)
    for read in (storage().size, lambda path: list(storage().pieces(path, 0, 1))):
        with pytest.raises(FileNotFoundError):
            read(stored.path)
    bucket.server.client.delete_bucket(Bucket=bucket.name)
    for act in (
        lambda: storage().size(stored.path),
        lambda: list(storage().pieces(stored.path, 0, 1)),
        lambda: keep(b"x"),
        lambda: storage().check(),
    ):
        with pytest.raises(StorageUnreachable) as refused:
            act()
        assert "NoSuchBucket" in str(refused.value)


def test_a_server_that_is_away_is_said_within_seconds(bucket: Bucket) -> None:
    stored = keep(b"x")
    away = f"http://127.0.0.1:{free_port()}"
    config.install(replace(bucket.settings, storage_endpoint=away))
    for act in (
        lambda: storage().size(stored.path),
        lambda: list(storage().pieces(stored.path, 0, 1)),
        lambda: keep(b"x"),
        lambda: keep(BIG),
        lambda: storage().delete(stored.path),
        lambda: storage().check(),
    ):
        with pytest.raises(StorageUnreachable) as refused:
            act()
        assert away in str(refused.value) and "Debug" not in str(refused.value)


@pytest.fixture
def refusing(bucket: Bucket) -> Iterator[S3Server]:
    yield bucket.server
    bucket.server.refuse_everybody(after=10**9)


def test_a_key_without_rights_is_said(bucket: Bucket, refusing: S3Server) -> None:
    stored = keep(b"x")
    refusing.refuse_everybody()
    for act in (
        lambda: storage().size(stored.path),
        lambda: list(storage().pieces(stored.path, 0, 1)),
        lambda: keep(b"y"),
        lambda: storage().delete(stored.path),
        lambda: storage().check(),
    ):
        with pytest.raises(StorageUnreachable):
            act()
    refusing.refuse_everybody(after=10**9)
    assert bucket.objects() == {f"course/llm/{stored.path}": 1}


def test_rights_that_end_in_the_middle_leave_no_half_object(
    bucket: Bucket, refusing: S3Server
) -> None:
    refusing.refuse_everybody(after=2)
    with pytest.raises(StorageUnreachable):
        keep(BIG)
    refusing.refuse_everybody(after=10**9)
    assert bucket.objects() == {}


MEASURE = """
import resource, sys, uuid
from app.materials.files.bucket import BucketStorage
from app.materials.files.storage import storage
kept = BucketStorage(sys.argv[1], sys.argv[2])
def used(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
with open(sys.argv[3], "rb") as file:
    file.seek((96 << 20) - 1)
    small = kept.save(file, uuid.uuid4())
    before = used()
    file.seek(0)
    stored = kept.save(file, uuid.uuid4())
saved = used()
assert sum(map(len, kept.pieces(stored.path, 0, stored.size))) == 96 << 20
print(saved - before, used() - before)
"""


def test_memory_does_not_grow_with_the_file(bucket: Bucket, tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(96 << 20)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, bucket.settings.storage_url, bucket.server.url, str(big)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    grown = [int(number) for number in done.stdout.split()]
    assert all(megabytes < 48 for megabytes in grown), grown


def test_what_a_killed_worker_left_is_cleared(bucket: Bucket) -> None:
    with incoming.scratch() as folder:
        incoming.clear_scratch()
        assert folder.exists()
    assert not folder.exists() and incoming.ids() == []
