"""The child process: reads one file under limits and writes a line of JSON per page to stdout.

Lines: `{"kind": …}`, then `{"page": …}` for each page, then `{"done": …}`; or `{"fault": sentence}`
at any point, or `{"not_searched": sentence, "media_type": …}`. `sandbox.py` starts it and reads the
lines.
"""

import ctypes
import json
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from . import recognition
from .kinds import kind_of
from .page import DAMAGED, NO_TEXT, ONLY_PICTURES, NotSearched, Page, Source, Unreadable

_READERS = {
    "pdf": ("pdf", "read"),
    "pptx": ("slides", "read"),
    "docx": ("document", "read"),
    "md": ("plain", "read_markdown"),
    "txt": ("plain", "read_text"),
    "html": ("web", "read"),
    "odt": ("opendocument", "read"),
    "ipynb": ("notebook", "read"),
    "vtt": ("captions", "read"),
    "srt": ("captions", "read"),
}
PR_SET_PDEATHSIG = 1
TOO_BIG = (
    "Reading the file took more memory than is allowed. Save a copy without its large parts, or "
    "split it, and upload that."
)


def main(path: Path, name: str, limits: dict[str, int]) -> None:
    """Reads `path`, which the teacher called `name`. Exits normally whatever the file holds."""
    end_with_parent()
    try:
        kind = kind_of(path, name)
        module, function = _READERS[kind]
        read: Callable[[Path], Source] = getattr(import_module(f".{module}", __package__), function)
        limit(limits)
        recognition.allow(limits["recognition"])
        tell({"kind": kind})
        tell({"done": _pages(read(path), limits)})
    except NotSearched as fault:
        tell({"not_searched": str(fault), "media_type": fault.media_type})
    except Unreadable as fault:
        tell({"fault": str(fault)})
    except MemoryError:
        tell({"fault": TOO_BIG})
    except Exception as error:
        # Parsers raise whatever a broken file makes them stumble over; the parent logs which.
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        tell({"fault": TOO_BIG if "emory" in str(error) else DAMAGED})


def end_with_parent() -> None:
    """A worker that is killed leaves no reader behind. Elsewhere the limit of time ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _pages(source: Source, limits: dict[str, int]) -> dict[str, object]:
    if source.page_count is not None and source.page_count > limits["pages"]:
        raise _too_many(source.page_count, limits["pages"])
    count = characters = 0
    without_text = []
    for page in source.pages:
        count, characters = count + 1, characters + len(page.text)
        if count > limits["pages"]:
            raise _too_many(None, limits["pages"])
        if characters > limits["characters"]:
            raise Unreadable(
                "The file holds more text than can be read. Split it into smaller files."
            )
        if not page.text.strip():
            without_text.append(page.number)
        tell({"page": _as_json(page)})
    if count == len(without_text):
        raise Unreadable(ONLY_PICTURES if source.page_count else NO_TEXT)
    details = dict(source.details)
    return {"pages": count, "title": source.title, "without_text": without_text, "details": details}


def _as_json(page: Page) -> dict[str, object]:
    return {key: value for key, value in asdict(page).items() if value}


def _too_many(count: int | None, limit: int) -> Unreadable:
    has = f"has {count:,} pages" if count else "has too many sections"
    return Unreadable(
        f"The file {has}; up to {limit:,} can be read. Split it and upload the parts."
    )


def limit(limits: dict[str, int]) -> None:
    """Sets this process's limits, of memory beyond what it holds. macOS refuses some of them."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    memory = _address_space() + limits["memory"]
    for kind, value in (
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_FSIZE, limits["output"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory if hard == resource.RLIM_INFINITY else min(memory, hard)),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return 0


def tell(message: dict[str, object]) -> None:
    """Sends a message to the parent."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
