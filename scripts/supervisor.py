"""Start processes, wait until they are healthy, restart those that die, stop them all."""

import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from scripts.children import signal_group, spawn, watcher
from scripts.errors import CannotStart
from scripts.services import Service

READY_SECONDS = 120.0
STOP_SECONDS = 12.0
QUICK_DEATH_SECONDS = 30.0
QUICK_DEATHS_ALLOWED = 5
LAST_LINES = 12
LARGEST_LOG = 10 * 2**20  # bytes; a larger one is put aside at the next start
CLONE = Path(__file__).resolve().parent.parent


class Stopped(Exception):
    """Someone asked us to stop (Ctrl-C, SIGTERM)."""


class Child:
    """A service's process of the moment, and how often it died soon after its start."""

    def __init__(self, service: Service, logs: Path) -> None:
        self.service = service
        self.log = logs / f"{service.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.quick_deaths = 0
        self.restart_at: float | None = None
        self.started_at = 0.0

    def start(self) -> None:
        """Spawn it, its output appended to its log."""
        self.restart_at = None
        self.started_at = time.monotonic()
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as log:
            self.process = spawn(
                self.service.command,
                log=log,
                env=self.service.env,
                cwd=CLONE,
                nice=self.service.nice,
                death_signal=self.service.death_signal,
            )

    def has_died(self) -> bool:
        """Whether it ended by itself since the last look; what it left behind is ended too."""
        if self.process is None or self.process.poll() is None:
            return False
        self._reap(self.process)
        lived = time.monotonic() - self.started_at
        self.quick_deaths = self.quick_deaths + 1 if lived < QUICK_DEATH_SECONDS else 1
        self.restart_at = time.monotonic() + restart_delay(self.quick_deaths)
        return True

    def ask_to_stop(self) -> None:
        """SIGTERM to the process itself, which tells its own children."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait until the deadline, then kill the whole group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self._reap(self.process)

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        signal_group(process.pid, signal.SIGKILL)
        process.wait()
        watcher.forget(process.pid)
        self.process = None


def restart_delay(quick_deaths: int) -> float:
    """Seconds until the next try: 1, 2, 4, 8 … at most 30."""
    return float(min(30, 2 ** max(0, quick_deaths - 1)))


def last_lines(log: Path, begin: int = 0) -> str:
    """The end of a log (what came after `begin` bytes), indented."""
    with log.open("rb") as file:
        file.seek(begin)
        lines = file.read()[-8000:].decode(errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-LAST_LINES:])


class Supervisor:
    """The children of one run. Use it from the main thread."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        self._wish = threading.Event()
        logs.mkdir(parents=True, exist_ok=True)

    def listen(self) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal are a wish to stop, taken in order."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._wish.set())

    def pause(self, seconds: float) -> None:
        """Sleep. Raises Stopped as soon as someone asks us to stop."""
        if self._wish.wait(seconds):
            raise Stopped

    def start(self, *services: Service) -> None:
        """Start services; `wait_until_ready` says when they are."""
        for service in services:
            child = Child(service, self._logs)
            self._children.append(child)
            child.start()

    def run(self, title: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Run a command to its end. Raises CannotStart with the end of its output."""
        path = self._logs / "setup.log"
        with path.open("ab") as log:
            begin = log.tell()
            process = spawn(command, log=log, env=env, cwd=CLONE)
            try:
                while process.poll() is None:
                    self.pause(0.05)
            finally:
                signal_group(process.pid, signal.SIGKILL)
                process.wait()
                watcher.forget(process.pid)
        if process.returncode != 0:
            raise CannotStart(f"{title} failed:\n{last_lines(path, begin)}\n  (log: {path})")

    def wait_until_ready(self) -> None:
        """Return when every child is healthy. Raises CannotStart when one dies or is too slow."""
        waiting = list(self._children)
        deadline = time.monotonic() + READY_SECONDS
        while waiting:
            waiting = [child for child in waiting if not _is_healthy(child)]
            if time.monotonic() > deadline:
                names = ", ".join(child.service.name for child in waiting)
                raise CannotStart(f"{names}: not ready in time (logs: {self._logs})")
            self.pause(0.1)

    def look_after(self) -> None:
        """Restart the dead, with growing pauses. Raises CannotStart for an essential lost cause."""
        for child in list(self._children):
            if child.has_died():
                self._report(child)
            elif child.restart_at is not None and time.monotonic() >= child.restart_at:
                child.start()

    def _report(self, child: Child) -> None:
        say(_ended(child))
        if child.quick_deaths < QUICK_DEATHS_ALLOWED:
            say(f"  it is started again in {restart_delay(child.quick_deaths):.0f} s")
            return
        lost = f"{child.service.name} died {child.quick_deaths} times soon after its start:"
        trouble = f"{lost}\n{last_lines(child.log)}\n  (log: {child.log})"
        if child.service.essential:
            raise CannotStart(trouble)
        say(f"{trouble}\nCourseLLM goes on without it.")
        self._children.remove(child)

    def stop(self) -> None:
        """End every child: all are asked, then waited for, then killed with what they started."""
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.end(deadline)
        self._children.clear()


def _is_healthy(child: Child) -> bool:
    """Whether it is ready, said once. Raises CannotStart where it has died."""
    if child.has_died():
        raise CannotStart(f"{_ended(child)}\n{last_lines(child.log)}\n  (log: {child.log})")
    if not child.service.is_ready():
        return False
    say(f"  {child.service.name} is ready ({time.monotonic() - child.started_at:.1f} s)")
    return True


def _ended(child: Child) -> str:
    return f"{child.service.name} has ended unexpectedly."


def say(line: str) -> None:
    """A line for the person at the console."""
    print(line, flush=True)
