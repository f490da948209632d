"""Runs a reader in a child process of limited memory and time, and takes what it says.

A hostile or broken file then costs one child and one job, never the worker.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

log = logging.getLogger("coursellm.materials")

# The readers are imported by themselves, without the house around them (see readers/__init__).
_START = (
    "import json, pathlib, sys; sys.path.append(sys.argv[1]); from readers.child import main; "
    "main(pathlib.Path(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4]))"
)
_UNPACK = (
    "import json, pathlib, sys; sys.path.append(sys.argv[1]); from readers.archive import main; "
    "main(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), json.loads(sys.argv[4]))"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of memory beyond the start, seconds of work and of waiting, and how much may come.

    `recognition`: seconds for reading pages that are pictures; without any they are just counted.
    """

    memory: int = 1 << 30
    cpu: int = 120
    wall: int = 180
    output: int = 256 << 20
    pages: int = 5_000
    characters: int = 30_000_000
    recognition: int = 0


class ChildFailed(Exception):
    """The child died without a word: `timed_out`, `out_of_memory`, or for a reason for the log."""

    def __init__(
        self, reason: str, *, timed_out: bool = False, out_of_memory: bool = False
    ) -> None:
        super().__init__(reason)
        self.timed_out = timed_out
        self.out_of_memory = out_of_memory


def read(path: Path, name: str, limits: Limits) -> Iterator[dict[str, Any]]:
    """The child's messages, in order: see `readers.child`. Raises `ChildFailed`."""
    return _messages(_START, path, name, limits)


def unpack(path: Path, folder: Path, limits: Limits) -> Iterator[dict[str, Any]]:
    """The same of an archive, unpacked into `folder`: see `readers.archive`."""
    return _messages(_UNPACK, path, str(folder), limits)


def _messages(start: str, path: Path, more: str, limits: Limits) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        arguments = [str(Path(__file__).parents[1]), str(path), more, json.dumps(asdict(limits))]
        child = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments never see a shell
            [sys.executable, "-I", "-c", start, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=_environment(),
            start_new_session=True,
        )
        code = _wait(child, limits.wall)
        if code:
            _raise_failure(code, err)
        out.seek(0)
        for line in out:
            yield json.loads(line)
        if said := _tail(err):
            log.info("reader: %s", said)


def _environment() -> dict[str, str]:
    """Nothing of ours, but where programs are and where Tesseract has its languages."""
    kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}


def _wait(child: "subprocess.Popen[bytes]", seconds: int) -> int:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise ChildFailed(f"no end after {seconds} s", timed_out=True) from error
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        child.wait()


def _raise_failure(code: int, err: IO[bytes]) -> None:
    said = _tail(err)
    # PDFium ends the process on purpose when it gets no memory; a kill may be the system's.
    memory = code in (-signal.SIGABRT, -signal.SIGTRAP, -signal.SIGILL) or "emory" in said
    late = code in (-signal.SIGXCPU, -signal.SIGKILL)
    raise ChildFailed(f"exit {code}: {said}", timed_out=late, out_of_memory=memory)


def _tail(err: IO[bytes]) -> str:
    err.seek(max(err.seek(0, 2) - 500, 0))
    return err.read().decode("utf-8", "replace").strip()
