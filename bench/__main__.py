"""`python -m bench [NAME …]`: run the measurements named, or all of them."""

import importlib
import pkgutil
import sys

import bench

HELPERS = {
    "__main__",
    "bare_tool",
    "browsers",
    "courses",
    "crowd",
    "database",
    "datasets",
    "embedded",
    "key_sets",
    "report",
    "served",
}


def main(names: list[str]) -> None:
    """Run each measurement's `main()`; an unknown name lists the known ones."""
    known = sorted({module.name for module in pkgutil.iter_modules(bench.__path__)} - HELPERS)
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"No measurement {', '.join(sorted(unknown))}. There are: {', '.join(known)}")
    for name in names or known:
        importlib.import_module(f"bench.{name}").main()


main(sys.argv[1:])
