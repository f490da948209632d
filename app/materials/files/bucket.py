"""Files in a bucket of S3-compatible object storage, by the doors of `storage.py`.

Credentials and region come from the environment as every tool of S3 reads them (AWS_ACCESS_KEY_ID,
AWS_REGION and so on, a web identity, the machine's own role). An object appears whole or not at
all: a large file comes in parts that become an object together.
"""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.materials.files import incoming
from app.materials.files.storage import PIECE, StorageUnreachable, Stored, checked

if TYPE_CHECKING:  # only there for types
    from obstore.store import ClientConfig, RetryConfig, S3Config

PART = 8 << 20
AT_ONCE = 2
"""Parts of one file on their way: what an upload takes of memory is their size."""

_PATIENCE: "RetryConfig" = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=20),
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}


@cache
def bucket_storage(url: str, endpoint: str | None) -> "BucketStorage":
    """The storage at `s3://bucket/prefix`; one of each, with its connections, per process."""
    return BucketStorage(url, endpoint)


class BucketStorage:
    """Objects under a prefix of one bucket."""

    def __init__(self, url: str, endpoint: str | None = None) -> None:
        parts = urlsplit(url)
        client: ClientConfig = {
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=60),
            "allow_http": (endpoint or "").startswith("http://"),
        }
        server: S3Config = {"endpoint": endpoint} if endpoint else {}
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config=server,
            client_options=client,
            retry_config=_PATIENCE,
        )

    def save(self, content: IO[bytes], material_id: uuid.UUID) -> Stored:
        start, digest = content.tell(), hashlib.sha256()
        while piece := content.read(PIECE):
            digest.update(piece)
        size = content.tell() - start
        content.seek(start)
        path = f"{material_id}/{digest.hexdigest()}"
        try:
            obstore.put(self._store, path, content, chunk_size=PART, max_concurrency=AT_ONCE)
        except (BaseError, FileNotFoundError) as error:  # no bucket is "not found" as well
            raise _unreachable(error) from error
        return Stored(path, size, digest.hexdigest())

    def size(self, path: str) -> int:
        try:
            return int(obstore.head(self._store, checked(path))["size"])
        except FileNotFoundError:
            self._refuse_unless_gone(path)
            raise
        except BaseError as error:
            raise _unreachable(error) from error

    def pieces(self, path: str, start: int, stop: int) -> Iterator[bytes]:
        """Each piece is a request of its own: no slow reader holds a connection to the server."""
        checked(path)
        while start < stop:
            end = min(start + PIECE, stop)
            try:
                piece = bytes(obstore.get_range(self._store, path, start=start, end=end))
            except FileNotFoundError:
                self._refuse_unless_gone(path)
                raise
            except BaseError as error:
                raise _unreachable(error) from error
            if not piece:
                return
            start += len(piece)
            yield piece

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        size = self.size(path)
        with incoming.scratch() as folder:
            copy = folder / "file"
            with copy.open("wb") as file:
                for piece in self.pieces(path, 0, size):
                    file.write(piece)
            yield copy

    def delete(self, path: str) -> None:
        try:
            obstore.delete(self._store, checked(path))
        except (BaseError, FileNotFoundError) as error:
            raise _unreachable(error) from error

    def check(self) -> None:
        path = f"check/{uuid.uuid4()}"
        try:
            obstore.put(self._store, path, b"can be written")
            obstore.get_range(self._store, path, start=0, end=1)
            obstore.delete(self._store, path)
        except (BaseError, FileNotFoundError) as error:
            raise _unreachable(error) from error

    def _refuse_unless_gone(self, path: str) -> None:
        """Raises `StorageUnreachable` unless the server says that it is this object which it lacks:
        a bucket, or a server, that is not there answers with 404 too."""
        try:
            obstore.get_range(self._store, path, start=0, end=1)
        except FileNotFoundError as error:
            if "<Code>NoSuchKey</Code>" not in str(error):
                raise _unreachable(error) from error
        except BaseError as error:
            raise _unreachable(error) from error


def _unreachable(error: Exception) -> StorageUnreachable:
    return StorageUnreachable(reason=str(error).partition("\n\nDebug source")[0][:500])
