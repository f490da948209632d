"""The measurements themselves: that each finds what it uses, and can be started."""

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import pytest

import bench

READ_BY_ITS_OWN_PROCESS = {"__main__", "bare_tool"}
MODULES = {module.name for module in iter_modules(bench.__path__)} - READ_BY_ITS_OWN_PROCESS


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_of_the_measurements_finds_all_that_it_uses(name: str) -> None:
    assert import_module(f"bench.{name}").__doc__


def test_whatever_is_offered_as_a_measurement_can_be_run() -> None:
    asked = [sys.executable, "-m", "bench", "none such"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stderr
    offered = answer.strip().rpartition("There are: ")[2].split(", ")
    assert "retrieval" in offered
    assert all(callable(import_module(f"bench.{name}").main) for name in offered)
