"""Every row of the launch table has a test over HTTP."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from tests.launch import faults
from tests.launch.table import TABLE


def rows_of(module: ModuleType) -> set[int]:
    """The rows that the module's tests say they cover."""
    tests = [one for name, one in vars(module).items() if name.startswith("test_")]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", ())]
    return {number for mark in marks if mark.name == "row" for number in mark.args}


def test_all_48_rows_are_covered():
    names = [path.stem for path in Path(__file__).parent.glob("test_*.py")]
    modules = [import_module(f"tests.launch.{name}") for name in names]
    covered = {one.number for one in faults.ROWS}.union(*map(rows_of, modules))
    assert covered == set(TABLE) == set(range(1, 49))
