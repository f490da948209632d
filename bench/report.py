"""A table on the screen and the same figures as JSON beside the measurement."""

import json
import math
import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

FIGURES = Path(__file__).parent / "figures"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def report(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print the rows (all with the same keys) and write `figures/<name>.json`."""
    headings = list(rows[0])
    cells = [headings, *[[_shown(row[heading]) for heading in headings] for row in rows]]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]
    load = os.getloadavg()[0]
    print(f"\n{name} (load of the machine: {load:.1f})")
    for line in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    FIGURES.mkdir(exist_ok=True)
    figures = {
        "measured": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load": round(load, 1),
        "rows": rows,
    }
    (FIGURES / f"{name}.json").write_text(json.dumps(figures, indent=2, default=str) + "\n")


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
