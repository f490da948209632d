"""Start child processes that do not outlive us, however we end.

Every child leads a session of its own, so that a terminal's Ctrl-C reaches only the supervisor
and a whole group can be signalled at once. Two things end a child whose parent was killed:
the kernel's parent-death signal (Linux), and a watcher that sees our end of a pipe close
(everywhere; it also reaches the child's own children, which the kernel's signal does not).
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
WATCHER = Path(__file__).with_name("watcher.py")


def spawn(
    command: Sequence[str],
    *,
    log: IO[bytes],
    env: Mapping[str, str],
    cwd: Path,
    user: int | None = None,
    group: int | None = None,
    death_signal: int = signal.SIGKILL,
    nice: int = 0,
) -> subprocess.Popen[bytes]:
    """Start `command`, its output in `log`; `death_signal` reaches it when we are gone.

    Call it from the main thread: Linux counts the death of the *thread* that spawned.
    """
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=cwd,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        start_new_session=True,
        preexec_fn=_tie_to_parent(os.getpid(), death_signal, nice),  # noqa: PLW1509 (three calls)
    )
    watcher.add(child.pid, death_signal)
    return child


def _tie_to_parent(parent: int, death_signal: int, nice: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if nice:
            _be_nice(nice)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
            if os.getppid() != parent:  # it died before the kernel knew of our wish
                os._exit(1)

    return prepare


def _be_nice(nice: int) -> None:
    """Yield to the others. Where Linux shares the processor between sessions first, the nice
    value of a process counts within its session only, and the session needs one of its own.
    """
    os.nice(nice)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def signal_group(pid: int, number: int) -> None:
    """Send a signal to all that a child of ours started; nothing happens where all have ended."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


class _Watcher:
    """Our end of the pipe to `watcher.py`; started with the first child."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def add(self, pid: int, death_signal: int) -> None:
        self._tell(f"{pid} {int(death_signal)}\n")

    def forget(self, pid: int) -> None:
        """The child has ended: its number may soon belong to a stranger."""
        self._tell(f"{pid} 0\n")

    def _tell(self, line: str) -> None:
        if self._process is None or self._owner != os.getpid():
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-E", str(WATCHER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
            self._owner = os.getpid()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # someone killed it: the kernel's signal remains
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


watcher = _Watcher()
