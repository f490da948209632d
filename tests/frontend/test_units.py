"""The browser modules' pure parts, by Node's own test runner, and the bundle's size."""

import gzip
import re
import subprocess
from pathlib import Path

from tests.frontend.site import ROOT

DIST = ROOT / "app/static/dist"


def test_units() -> None:
    file = Path(__file__).with_name("units.test.mjs")
    run = subprocess.run(
        ["node", "--test", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_first_page_needs_at_most_150_kilobytes() -> None:
    needed = {"main.css", "display.js"}
    waiting = {"main.js"}
    while waiting:
        name = waiting.pop()
        needed.add(name)
        statically = re.findall(
            r"""(?:from|import)\s*["']\./([\w.-]+)["']""", (DIST / name).read_text()
        )
        waiting |= set(statically) - needed
    size = sum(len(gzip.compress((DIST / name).read_bytes())) for name in needed)
    assert len(needed) > 3, "the shared chunk is counted too"
    assert size <= 150_000
