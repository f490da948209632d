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
    """Signal every group, wait for them to end, kill what is left.

    A group whose wish is not SIGKILL (PostgreSQL) is signalled after the others are gone.
    """
    killed = [group for group, number in groups.items() if number == signal.SIGKILL]
    asked = {group: number for group, number in groups.items() if number != signal.SIGKILL}
    for group in killed:
        send(group, signal.SIGKILL)
    wait_for_end(killed)
    for group, number in asked.items():
        # Only the leader: PostgreSQL's master tells its own children.
        send_leader(group, number)
    wait_for_end(list(asked))
    for group in asked:
        send(group, signal.SIGKILL)


def wait_for_end(groups: list[int]) -> None:
    """Return when no process of the groups is left, or after the grace."""
    deadline = time.monotonic() + GRACE_SECONDS
    while any(alive(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)


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
