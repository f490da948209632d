"""The browser modules' pure parts, by Node's own test runner."""

import subprocess
from pathlib import Path


def test_units() -> None:
    file = Path(__file__).with_name("units.test.mjs")
    run = subprocess.run(
        ["node", "--test", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
