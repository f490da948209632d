"""Unpacks a ZIP of files or a course package in the child process, all of it or nothing.

Writes each file under a number into a folder and tells a line for it: `{"file": …}`; at the end
`{"done": …}` with what was left out; or `{"fault": sentence}`. See `child`.
"""

import re
import shutil
import stat
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from . import manifest
from .child import TOO_BIG, end_with_parent, limit, tell
from .kinds import ENDINGS, LARGEST_UNPACKED
from .manifest import Item, Manifest
from .page import Unreadable

MOST_ENTRIES = 5_000
MOST_FILES = 1_000
MOST_NAMED = 10
"""Files left out that are told by name."""
_JUNK = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\.git/)", re.I)
_DRIVE = re.compile(r"[A-Za-z]:")
_NUMBERS = re.compile(r"(\d+)")

DAMAGED = (
    "The archive is damaged, was cut off on its way or is no ZIP. Make it again and upload that, "
    "or upload its files as they are."
)
PROTECTED = "The archive is protected by a password. Make one without it and upload that."
NOTHING = (
    "The archive holds no file that the tutor reads. Put PDF, PowerPoint, Word, Markdown or text "
    "files into it."
)
NO_ROOM = (
    "There is no room left on the server to unpack the archive. Nothing was added. Please tell the "
    "people who run CourseLLM."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry that is taken, its name in the archive and its title."""

    entry: zipfile.ZipInfo
    path: str
    title: str


def main(path: Path, folder: Path, limits: dict[str, int]) -> None:
    """Unpacks `path` into `folder`. Exits normally whatever the archive holds."""
    end_with_parent()
    try:
        limit(limits)
        with zipfile.ZipFile(path) as archive:
            _unpack(archive, folder, limits["output"])
    except Unreadable as fault:
        tell({"fault": str(fault)})
    except MemoryError:
        tell({"fault": TOO_BIG})
    except OSError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        tell({"fault": NO_ROOM})
    except Exception as error:
        # zipfile raises whatever a broken archive makes it stumble over; the parent logs which.
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        tell({"fault": DAMAGED})


def _unpack(archive: zipfile.ZipFile, folder: Path, largest: int) -> None:
    listed = [(_path(one), one) for one in archive.infolist() if not one.is_dir()]
    _check(listed)
    entries = {path: one for path, one in listed if not _JUNK.search(path)}
    contents = _manifest(archive, entries)
    if contents:
        items = contents.items
    else:
        items = [Item(path, None) for path in sorted(entries, key=_natural)]
    chosen = list(_chosen(items, entries, largest))
    if not chosen:
        raise Unreadable(NOTHING)
    if len(chosen) > MOST_FILES:
        raise Unreadable(_too_many(len(chosen), MOST_FILES))
    for number, one in enumerate(chosen):
        with archive.open(one.entry) as source, (folder / str(number)).open("xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        name = PurePosixPath(one.path).name
        tell({"file": {"number": number, "name": name, "title": one.title}})
    taken = {one.path for one in chosen}
    left = [item.path for item in items if item.path in entries and item.path not in taken]
    tell(
        {
            "done": {
                "left": len(left),
                "left_names": [PurePosixPath(path).name for path in left[:MOST_NAMED]],
                "activities": contents.activities if contents else 0,
            }
        }
    )


def _check(listed: list[tuple[str, zipfile.ZipInfo]]) -> None:
    """Raises `Unreadable` for what no honest archive of course files holds."""
    if len(listed) > MOST_ENTRIES:
        raise Unreadable(_too_many(len(listed), MOST_ENTRIES))
    total = sum(entry.file_size for _, entry in listed)
    if total > LARGEST_UNPACKED:
        raise Unreadable(
            f"Unpacked, the archive would take {total / 1e9:.1f} GB; up to "
            f"{LARGEST_UNPACKED / 1e9:.0f} GB can be taken. Split it and upload the parts."
        )
    for path, entry in listed:
        if path.startswith("/") or _DRIVE.match(path) or ".." in path.split("/"):
            raise Unreadable(
                f"The archive names a file outside of itself (“{path[:80]}”), which is not safe to "
                "unpack. Make it again from a folder of files and upload that."
            )
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise Unreadable(
                f"In place of a file the archive holds a link (“{path[:80]}”), which is not safe "
                "to unpack. Make it again with the file itself and upload that."
            )
        if entry.flag_bits & 1:
            raise Unreadable(PROTECTED)


def _manifest(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> Manifest | None:
    entry = entries.get(manifest.NAME)
    if entry is None:
        return None
    if entry.file_size > manifest.LARGEST:
        raise Unreadable(manifest.UNREADABLE)
    return manifest.read(archive.read(entry))


def _chosen(
    items: list[Item], entries: dict[str, zipfile.ZipInfo], largest: int
) -> Iterator[Chosen]:
    """Those that the tutor reads, with titles that tell them apart."""
    readable = [
        item
        for item in items
        if item.path in entries
        and _ending(item.path) in ENDINGS
        and 0 < entries[item.path].file_size <= largest
    ]
    stems = Counter(PurePosixPath(item.path).stem.casefold() for item in readable)
    for item in readable:
        path = PurePosixPath(item.path)
        title = path.stem.replace("_", " ")
        if stems[path.stem.casefold()] > 1 and path.parent.name:
            title = f"{path.parent.name.replace('_', ' ')}, {title}"
        yield Chosen(entries[item.path], item.path, _without_ending(item.title) or title)


def _without_ending(title: str | None) -> str:
    """Canvas titles a file by its name."""
    if title and _ending(title) in ENDINGS:
        return title.rpartition(".")[0].replace("_", " ")
    return title or ""


def _path(entry: zipfile.ZipInfo) -> str:
    """The entry's name with slashes. Without the flag for UTF-8 it is whatever the system had that
    packed it: UTF-8 all the same, most often, else the code page of old."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    return name.replace("\\", "/").removeprefix("./")


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _natural(path: str) -> list[tuple[int, str]]:
    """Week 2 comes before week 10."""
    parts = _NUMBERS.split(path.casefold())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _too_many(count: int, most: int) -> str:
    return (
        f"The archive holds {count:,} files; up to {most:,} can be taken at once. Split it and "
        "upload the parts."
    )
