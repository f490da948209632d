"""Fixtures of the scripts' tests."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], Path]]:
    """Make a real disk of so many megabytes; skips where mounting is not allowed."""
    mounted: list[Path] = []

    def make(megabytes: int) -> Path:
        place = Path(tempfile.mkdtemp())  # not pytest's folder, which is private
        place.chmod(0o755)
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(place)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            place.rmdir()
            pytest.skip("no small disk can be mounted here")
        mounted.append(place)
        return place

    yield make
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)
        place.rmdir()
