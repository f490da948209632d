"""One installation at a time on one data folder: a lock that the kernel drops when we end."""

import fcntl
from pathlib import Path
from typing import IO

from scripts.errors import CannotStart


def take_lock(file: Path, data_dir: Path) -> IO[str]:
    """Hold `file` until it is closed. Raises CannotStart where another process holds it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = file.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise CannotStart(
            f"CourseLLM is running already with the data in {data_dir}: stop that one first"
            " (Ctrl-C where it runs), or name another folder by COURSELLM_DATA."
        ) from error
    return lock


def is_held(file: Path) -> bool:
    """Whether a process holds the lock; a file that is not there is held by nobody."""
    try:
        with file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
