"""Second start of `make run`: how long until the address can be opened."""

import tempfile
from pathlib import Path

from bench.report import report
from tests.stack import Stack


def main() -> None:
    """First and second start on the same data, set-up done before; the bar is 20 s."""
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for which in ("first on fresh data", "second", "third"):
            stack = Stack(Path(folder) / "data")
            seconds = stack.start()
            stack.stop()
            rows.append({"start": which, "seconds": round(seconds, 1), "bar": 20})
    report("start", rows)
