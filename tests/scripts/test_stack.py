"""The whole installation by the real supervisor: start, faults, kills, stop, second start.

The tests share one data folder and run in this order; each start is that of `make run` after
its set-up.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from scripts.probes import answers, is_free
from scripts.setup_steps import CLONE
from tests.scripts.helpers import eventually, is_gone
from tests.stack import Stack

pytestmark = pytest.mark.stack
SECOND_START_SECONDS = 20  # what a second `make run` may take; its set-up needs a second of it


class Installation(Stack):
    """A stack whose processes can be found."""

    def family(self) -> list[psutil.Process]:
        """All that the supervisor started, and what that started."""
        return self._supervisor().children(recursive=True)

    def _supervisor(self) -> psutil.Process:
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def cpu_seconds(self) -> float:
        """Processor time that it used so far, with all that it started."""
        used = 0.0
        for process in [self._supervisor(), *self.family()]:
            with suppress(psutil.Error):
                used += sum(process.cpu_times()[:4])  # its own and that of its ended children
        return used

    def worker(self) -> psutil.Process:
        return self._child(lambda child: "worker" in child.cmdline())

    def postgres(self) -> psutil.Process:
        return self._child(lambda child: child.name() == "postgres")

    def _child(self, fits: Callable[[psutil.Process], bool]) -> psutil.Process:
        for child in self._supervisor().children():
            with suppress(psutil.Error):  # one that has just ended
                if not is_gone(child) and fits(child):
                    return child
        raise LookupError("it is not there")

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that commits at once."""
        url = (self.data_dir / "postgres/url").read_text().strip()
        return psycopg.connect(url, autocommit=True)

    def try_to_start(self) -> str:
        """What a supervisor says that cannot start, its exit status checked."""
        begun = subprocess.run(
            [sys.executable, "-m", "scripts.run"],
            cwd=CLONE,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert begun.returncode == 1
        return begun.stdout + begun.stderr


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("installation") / "data")
    made.start()
    yield made
    made.stop()


def test_everything_is_healthy_when_the_address_is_printed(stack: Installation) -> None:
    printed = stack.said
    assert re.findall(r"Open +(\S+)", printed) == [f"http://127.0.0.1:{stack.lms_port}"]
    assert answers(f"http://127.0.0.1:{stack.port}/health/ready")
    assert answers(f"http://127.0.0.1:{stack.lms_port}/health")
    assert len([p for p in stack.family() if "scripts.model_server" in p.cmdline()]) == 3


def test_it_says_which_model_answers_and_how_to_get_a_larger_one(stack: Installation) -> None:
    printed = stack.said
    assert "Answers come from smollm2-135m-instruct" in printed
    assert "a very small model, for trying out" in printed
    assert "make run MODEL=qwen2.5-coder-1.5b" in printed


def test_a_second_one_on_the_same_data_says_so_in_one_line(stack: Installation) -> None:
    said = stack.try_to_start()
    assert said.count("\n") == 1
    assert f"running already with the data in {stack.data_dir}" in said


def test_a_taken_port_is_one_line_before_anything_starts(
    stack: Installation, tmp_path: Path
) -> None:
    other = Installation(tmp_path / "other", PORT=str(stack.port))
    said = other.try_to_start()
    assert said.count("\n") == 1
    assert f"Port {stack.port} is taken by" in said
    assert not (other.data_dir / "postgres").exists()


def test_a_full_disk_is_one_line_before_anything_starts(
    stack: Installation, small_disk: Callable[[int], Path]
) -> None:
    other = Installation(small_disk(16) / "data")
    said = other.try_to_start()
    assert said.count("\n") == 1
    assert re.search(r"The disk that holds \S+ is full: \d+ MB are free, \d+ MB are needed", said)
    assert not (other.data_dir / "postgres").exists()


def kill_and_wait_for_next(find: Callable[[], psutil.Process]) -> None:
    """Kill -9 what is found, until another one is found in its place."""
    old = find()
    old.kill()

    def is_back() -> bool:
        with suppress(LookupError):
            return find() != old
        return False

    eventually(is_back)


def test_a_worker_killed_with_9_is_started_again(stack: Installation) -> None:
    with stack.connect() as connection:
        row = connection.execute("select now()").fetchone()
        kill_and_wait_for_next(stack.worker)
        beat = "select 1 from procrastinate_workers where last_heartbeat > %s"
        eventually(lambda: connection.execute(beat, row).fetchone() is not None, 30)
    assert "worker has ended unexpectedly" in stack.said


def test_postgres_killed_with_9_is_started_again(stack: Installation) -> None:
    kill_and_wait_for_next(stack.postgres)
    eventually(lambda: answers(f"http://127.0.0.1:{stack.port}/health/ready"), 30)


def test_sigterm_stops_everything_and_leaves_no_orphan(stack: Installation) -> None:
    with stack.connect() as connection:
        connection.execute("create table kept_by_test (); insert into kept_by_test default values")
    family = stack.family()
    assert len(family) > 8
    assert stack.stop(signal.SIGTERM) == 0
    assert stack.said.endswith("Stopped.\n")
    eventually(lambda: all(map(is_gone, family)), 5)
    assert is_free(stack.port)
    assert is_free(stack.lms_port)


def test_a_second_start_is_quick_and_finds_the_data(stack: Installation) -> None:
    seconds = stack.start()
    if os.getloadavg()[0] > 3 * (os.cpu_count() or 1):  # others work here: the clock says nothing
        seconds = stack.cpu_seconds()
    assert seconds < SECOND_START_SECONDS - 1
    with stack.connect() as connection:
        assert connection.execute("select count(*) from kept_by_test").fetchone() == (1,)
        connection.execute("drop table kept_by_test")


def test_kill_9_of_the_supervisor_leaves_no_orphan(stack: Installation) -> None:
    family = stack.family()
    stack.stop(signal.SIGKILL)
    eventually(lambda: all(map(is_gone, family)), 15)
    eventually(lambda: is_free(stack.port) and is_free(stack.lms_port), 5)


def test_it_starts_after_that_too_and_ctrl_c_stops_it(stack: Installation) -> None:
    stack.start()
    family = stack.family()
    assert stack.stop(signal.SIGINT) == 0
    eventually(lambda: all(map(is_gone, family)), 5)
