"""Outlive the supervisor by a moment and end what it left behind.

Reads lines "<process group> <signal>" (signal 0: forget it). When the pipe closes, the supervisor
is gone: each group still listed gets its signal, then, after a grace, SIGKILL. Standard library
only; runs as a program of its own.
"""

import os
import signal
import sys
import time
from contextlib import suppress

GRACE_SECONDS = 10.0


def main() -> None:
    """Follow the list until the pipe closes, then sweep."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sweep(read_groups())


def read_groups() -> dict[int, int]:
    """The groups that were alive when the pipe closed, each with the signal it wants."""
    groups: dict[int, int] = {}
    for line in sys.stdin:
        group, number = map(int, line.split())
        groups.pop(group, None)
        if number:
            groups[group] = number
    return groups


def sweep(groups: dict[int, int]) -> None:
    """Signal every group at once, wait for them to end, kill what is left.

    A wish other than SIGKILL goes to the leader alone: PostgreSQL's tells its own children.
    """
    for group, number in groups.items():
        send(group, number) if number == signal.SIGKILL else send_leader(group, number)
    for group in survivors(set(groups)):
        send(group, signal.SIGKILL)


def survivors(groups: set[int]) -> set[int]:
    """Those still there after the grace. One that was seen to be gone stays gone: its number
    may soon belong to a stranger.
    """
    deadline = time.monotonic() + GRACE_SECONDS
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = {group for group in groups if alive(group)}
    return groups


def alive(group: int) -> bool:
    """Whether a process of the group is there."""
    return send(group, 0)


def send(group: int, number: int) -> bool:
    """Signal a whole group; False where nobody is left."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def send_leader(pid: int, number: int) -> None:
    """Signal one process, where it still is."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


if __name__ == "__main__":
    main()
