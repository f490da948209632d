"""What the tests of the scripts share."""

import time
from collections.abc import Callable

import psutil


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until it holds; fail where it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not in {seconds:.0f} s"
        time.sleep(0.05)


def is_gone(process: psutil.Process) -> bool:
    """Whether the process has ended (one that nobody reaped has)."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
