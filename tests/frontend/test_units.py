"""The browser modules' pure parts, by Node's own test runner, and the bundle's size."""

import gzip
import re
import subprocess
from pathlib import Path

import pytest

from tests.frontend.site import ROOT

DIST = ROOT / "app/static/dist"
LIMIT = 150_000
STATIC = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+)["']""")


@pytest.mark.parametrize("name", ["units", "formulas"])
def test_units(name: str) -> None:
    file = Path(__file__).with_name(f"{name}.test.mjs")
    run = subprocess.run(
        ["node", "--test", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def needed_by(*modules: str) -> set[str]:
    """The modules with all that they import in any case."""
    needed, waiting = set[str](), set(modules)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= set(STATIC.findall((DIST / name).read_text())) - needed
    return needed


def room(name: str) -> str:
    """The file of a room's module, as the page's own modules ask for it."""
    known = "".join((DIST / module).read_text() for module in needed_by("main.js"))
    found = re.search(rf'import\("\./({name}-\w+\.js)"\)', known)
    assert found, f"no page knows the room {name}"
    return found[1]


def test_the_first_page_needs_at_most_150_kilobytes() -> None:
    """The tutor's, with its room and the look-out for formulas; the sheet and the icons too."""
    needed = needed_by("main.js", room("tutor"), room("math"))
    assert len(needed) > 4, "shared chunks are counted too"
    files = needed | {"main.css", "display.js", "icons.svg"}
    assert sum(len(gzip.compress((DIST / name).read_bytes())) for name in files) <= LIMIT


def test_heavy_parts_are_fetched_when_used() -> None:
    heavy = [DIST / name for name in needed_by("main.js", room("tutor"), room("math"))]
    assert not [path for path in heavy if "katex" in path.name or path.stat().st_size > 100_000]
    assert (DIST / room("reader")).stat().st_size > 300_000
