"""The supervisor with small stand-ins for services: restarts, giving up, stopping, orphans."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from scripts import supervisor as module
from scripts.errors import CannotStart
from scripts.probes import free_port, require_port
from scripts.services import Service
from scripts.supervisor import Child, Supervisor, restart_delay
from tests.scripts.helpers import eventually, is_gone

SLEEPER = ("sh", "-c", "sleep 300 & sleep 300")


def service(*command: str, essential: bool = True, ready: bool = True) -> Service:
    return Service("stand-in", command, dict(os.environ), lambda: ready, essential=essential)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "log")
    yield made
    made.stop()


def only_child(supervisor: Supervisor) -> Child:
    return supervisor._children[0]


def family(child: Child) -> list[psutil.Process]:
    assert child.process is not None
    leader = psutil.Process(child.process.pid)
    eventually(lambda: len(leader.children()) == 2)
    return [leader, *leader.children()]


def test_stop_ends_the_whole_group(supervisor: Supervisor) -> None:
    supervisor.start(service(*SLEEPER))
    processes = family(only_child(supervisor))
    supervisor.stop()
    eventually(lambda: all(map(is_gone, processes)))


def test_a_killed_child_is_started_again(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.start(service(*SLEEPER))
    child = only_child(supervisor)
    processes = family(child)
    os.kill(processes[0].pid, signal.SIGKILL)
    eventually(lambda: _is_back(supervisor, child, processes[0].pid))
    eventually(lambda: all(map(is_gone, processes)))  # its children went with it
    assert "started again in 1 s" in capsys.readouterr().out


def _is_back(supervisor: Supervisor, child: Child, old: int) -> bool:
    supervisor.look_after()
    return child.process is not None and child.process.pid != old


def test_a_nice_child_is_nice_to_other_sessions_too(supervisor: Supervisor) -> None:
    supervisor.start(replace(service("sleep", "300"), nice=10))
    child = only_child(supervisor).process
    assert child is not None
    assert os.getpriority(os.PRIO_PROCESS, child.pid) == 10
    session = Path(f"/proc/{child.pid}/autogroup")
    if session.exists():
        assert session.read_text().endswith("nice 10\n")


def test_pauses_grow() -> None:
    assert [restart_delay(deaths) for deaths in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "restart_delay", lambda deaths: 0.0)


def look_until_given_up(supervisor: Supervisor) -> None:
    while supervisor._children:
        supervisor.look_after()
        time.sleep(0.01)


@pytest.mark.usefixtures("impatient")
def test_it_gives_up_after_repeated_quick_deaths(supervisor: Supervisor) -> None:
    supervisor.start(service("sh", "-c", "echo no luck today; exit 1"))
    with pytest.raises(CannotStart, match=r"stand-in died 5 times[\s\S]*no luck today"):
        look_until_given_up(supervisor)


@pytest.mark.usefixtures("impatient")
def test_what_is_not_essential_is_done_without(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.start(service("false", essential=False))
    look_until_given_up(supervisor)
    assert "goes on without it" in capsys.readouterr().out


def test_a_child_that_dies_at_the_start_is_shown(supervisor: Supervisor) -> None:
    supervisor.start(service("sh", "-c", "echo bad setting; exit 3", ready=False))
    with pytest.raises(CannotStart, match="bad setting"):
        supervisor.wait_until_ready()


def test_a_failing_command_is_shown(supervisor: Supervisor) -> None:
    with pytest.raises(CannotStart, match=r"Loading failed:\s+no such course"):
        supervisor.run("Loading", ["sh", "-c", "echo no such course; exit 2"], os.environ)


def test_a_taken_port_is_named_with_its_holder() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = rf"Port {port} is taken.*make run PORT={port + 10}"
        with pytest.raises(CannotStart, match=sentence):
            require_port(port, "PORT", patience=0)
    require_port(free_port(), "PORT", patience=0)


PARENT = """
import os, sys, time
from pathlib import Path
from scripts.children import spawn
log = open(os.devnull, "wb")
child = spawn(["sh", "-c", "sleep 300 & sleep 300"], log=log, env=os.environ, cwd=Path("/"))
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("helper_dies_too", [False, True], ids=["watched", "kernel only"])
def test_no_orphan_of_a_killed_parent(helper_dies_too: bool) -> None:
    """The watcher reaches grandchildren; without it, the kernel still ends the children."""
    if helper_dies_too and sys.platform != "linux":
        pytest.skip("only Linux tells a child of its parent's death")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=module.CLONE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    leader = psutil.Process(int(parent.stdout.readline()))
    eventually(lambda: len(leader.children()) == 2)
    grandchildren = leader.children()
    helpers = psutil.Process(parent.pid).children()
    if helper_dies_too:
        for helper in helpers:
            if helper != leader:
                helper.kill()
    parent.kill()
    parent.communicate()
    eventually(lambda: is_gone(leader))
    if helper_dies_too:
        for left in grandchildren:
            left.kill()
    else:
        eventually(lambda: all(map(is_gone, [*grandchildren, *helpers])))
