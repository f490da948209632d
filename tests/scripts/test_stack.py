"""The whole installation by the real supervisor: start, faults, kills, stop, second start.

The tests share one data folder and run in this order; each start is that of `make run` after
its set-up.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from scripts.probes import answers, free_port, is_free
from scripts.setup_steps import CLONE
from tests.scripts.helpers import eventually, is_gone

pytestmark = pytest.mark.stack
START_SECONDS = 120
SECOND_START_SECONDS = 20  # what a second `make run` may take; its set-up needs a second of it


class Stack:
    """One supervisor at a time on one data folder, with free ports of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port, self.lms_port = free_port(), free_port()
        self.process: subprocess.Popen[str] | None = None
        self.output: list[str] = []
        self.start_seconds = 0.0

    def command(self) -> subprocess.Popen[str]:
        own = {
            "COURSELLM_DATA": str(self.data),
            "PORT": str(self.port),
            "DEMO_LMS_PORT": str(self.lms_port),
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("COURSELLM_", "OPENAI_"))}
        kept.pop("DATABASE_URL", None)
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.run"],
            cwd=CLONE,
            env={**kept, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self) -> None:
        begin = time.monotonic()
        self.output = []
        self.process = self.command()
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        eventually(lambda: self.is_up() or self.has_ended(), START_SECONDS)
        self.start_seconds = time.monotonic() - begin
        assert self.is_up(), "".join(self.output)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.output += iter(process.stdout.readline, "")

    def is_up(self) -> bool:
        return any("Ctrl-C stops everything" in line for line in self.output)

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, *words: str) -> psutil.Process:
        """The supervisor's child whose command line has all the words."""
        assert self.process is not None
        for process in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # one that has just ended
                if set(words) <= set(process.cmdline()):
                    return process
        raise LookupError(words)

    def postgres(self) -> psutil.Process:
        """PostgreSQL's first process."""
        assert self.process is not None
        for process in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                if process.name() == "postgres" and not is_gone(process):
                    return process
        raise LookupError("postgres")

    def stop(self, number: int) -> int:
        """Send a signal to the supervisor alone, wait for its end; its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(40)

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        url = (self.data / "postgres/url").read_text().strip()
        return psycopg.connect(url, autocommit=True)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("installation"))
    made.start()
    yield made
    if not made.has_ended():
        made.stop(signal.SIGTERM)


def test_everything_is_healthy_when_the_address_is_printed(stack: Stack) -> None:
    printed = "".join(stack.output)
    assert re.findall(r"Open +(\S+)", printed) == [f"http://127.0.0.1:{stack.lms_port}"]
    assert answers(f"http://127.0.0.1:{stack.port}/health/ready")
    assert answers(f"http://127.0.0.1:{stack.lms_port}/health")
    assert len([p for p in stack.family() if "scripts.model_server" in p.cmdline()]) == 3


def test_it_says_which_model_answers_and_how_to_get_a_larger_one(stack: Stack) -> None:
    printed = "".join(stack.output)
    assert "Answers come from smollm2-135m-instruct" in printed
    assert "very small model, for trying out" in printed
    assert "make run MODEL=qwen2.5-coder-1.5b" in printed


def test_a_second_one_on_the_same_data_says_so_in_one_line(stack: Stack) -> None:
    second = stack.command()
    output, _ = second.communicate(timeout=20)
    assert second.returncode == 1
    assert output.count("\n") == 1
    assert f"running already with the data in {stack.data}" in output


def test_a_taken_port_is_one_line_before_anything_starts(stack: Stack, tmp_path: Path) -> None:
    other = Stack(tmp_path / "other")
    other.port = stack.port
    process = other.command()
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output.count("\n") == 1
    assert f"Port {stack.port} is taken by" in output
    assert not (other.data / "postgres").exists()


def kill_and_wait_for_next(find: Callable[[], psutil.Process]) -> None:
    """Kill -9 what is found, until another one is found in its place."""
    old = find()
    old.kill()

    def is_back() -> bool:
        with suppress(LookupError):
            return find() != old
        return False

    eventually(is_back)


def test_a_worker_killed_with_9_is_started_again(stack: Stack) -> None:
    with stack.connect() as connection:
        row = connection.execute("select now()").fetchone()
        kill_and_wait_for_next(lambda: stack.child("flask", "worker"))
        beat = "select 1 from procrastinate_workers where last_heartbeat > %s"
        eventually(lambda: connection.execute(beat, row).fetchone() is not None, 30)
    assert any("worker has ended unexpectedly" in line for line in stack.output)


def test_postgres_killed_with_9_is_started_again(stack: Stack) -> None:
    kill_and_wait_for_next(stack.postgres)
    eventually(lambda: answers(f"http://127.0.0.1:{stack.port}/health/ready"), 30)


def test_sigterm_stops_everything_and_leaves_no_orphan(stack: Stack) -> None:
    with stack.connect() as connection:
        connection.execute("create table kept_by_test (); insert into kept_by_test default values")
    family = stack.family()
    assert len(family) > 8
    assert stack.stop(signal.SIGTERM) == 0
    assert "Stopped.\n" in stack.output
    eventually(lambda: all(map(is_gone, family)), 5)
    assert is_free(stack.port)
    assert is_free(stack.lms_port)


def test_a_second_start_is_quick_and_finds_the_data(stack: Stack) -> None:
    stack.start()
    assert stack.start_seconds < SECOND_START_SECONDS - 1
    with stack.connect() as connection:
        assert connection.execute("select count(*) from kept_by_test").fetchone() == (1,)
        connection.execute("drop table kept_by_test")


def test_kill_9_of_the_supervisor_leaves_no_orphan(stack: Stack) -> None:
    family = stack.family()
    stack.stop(signal.SIGKILL)
    eventually(lambda: all(map(is_gone, family)), 15)
    eventually(lambda: is_free(stack.port) and is_free(stack.lms_port), 5)


def test_it_starts_after_that_too_and_ctrl_c_stops_it(stack: Stack) -> None:
    stack.start()
    family = stack.family()
    assert stack.stop(signal.SIGINT) == 0
    eventually(lambda: all(map(is_gone, family)), 5)
