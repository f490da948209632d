"""The reader's process: it ends with the worker that started it."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.scripts.helpers import eventually, is_gone

READING = """
from pathlib import Path
from app.materials.indexing import sandbox
sandbox._START = (
    "import sys, time; sys.path.append(sys.argv[1]); from readers.child import end_with_parent; "
    "end_with_parent(); print(flush=True, file=open(sys.argv[3], 'w')); time.sleep(60)"
)
list(sandbox.read(Path("book"), {note!r}, sandbox.Limits()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of this")
def test_a_killed_worker_leaves_no_reader(tmp_path: Path) -> None:
    note = tmp_path / "reading"
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", READING.format(note=str(note))]
    with subprocess.Popen(command, cwd=root) as worker:
        eventually(lambda: note.exists() and note.stat().st_size > 0)
        (reader,) = psutil.Process(worker.pid).children()
        worker.kill()
    eventually(lambda: is_gone(reader))
