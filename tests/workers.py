"""Worker processes of a test's own, and waiting for what they do."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from app.config import Settings
from app.extensions import db
from app.jobs import STALLED_SECONDS

ROOT = Path(__file__).parents[1]


@contextmanager
def worker(settings: Settings, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker process with these settings, killed at the end if it still lives."""
    told = {
        "DATABASE_URL": settings.database_url,
        "COURSELLM_DATA": str(settings.data_dir),
        "COURSELLM_STORAGE_URL": settings.storage_url,
        "COURSELLM_SECRET_KEYS": ",".join(settings.secret_keys),
        "COURSELLM_TRUSTED_PRIVATE_HOSTS": ",".join(settings.trusted_private_hosts),
        "COURSELLM_EMBEDDING_BASE_URL": settings.embedding_base_url,
        "COURSELLM_EMBEDDING_MODEL": settings.embedding_model,
        "COURSELLM_PREVIOUS_EMBEDDING_BASE_URL": settings.previous_embedding_base_url,
        "COURSELLM_PREVIOUS_EMBEDDING_MODEL": settings.previous_embedding_model,
    }
    told = {name: value for name, value in (told | environment).items() if value}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **told}, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kills a worker as kill -9 does, long ago: nobody waits for the end of its silence."""
    process.kill()
    process.wait()
    with db.engine.begin() as connection:
        silent = timedelta(seconds=STALLED_SECONDS + 1)
        connection.execute(
            text("update procrastinate_workers set last_heartbeat = last_heartbeat - :silent"),
            {"silent": silent},
        )


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Waits for a condition; fails where it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)
