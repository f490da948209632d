"""What a teacher reads about a material's state: words, a share, and what works meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.config import MEGABYTE
from app.materials.readers.kinds import MARKDOWN, MEDIA_TYPES
from models import CourseMaterial, FileType, IndexingStatus

KINDS = {
    FileType.PDF: "PDF",
    FileType.PPTX: "PowerPoint",
    FileType.DOCX: "Word",
    FileType.MD: "Markdown",
    FileType.TXT: "Text",
    FileType.OTHER: "File",
}
# Of `FileType.OTHER`, by the media type that reading found.
FURTHER_KINDS = {
    MEDIA_TYPES["html"]: "Web page",
    MEDIA_TYPES["odt"]: "OpenDocument",
    MEDIA_TYPES["ipynb"]: "Notebook",
    MEDIA_TYPES["vtt"]: "Captions",
    MEDIA_TYPES["srt"]: "Captions",
}
_MARKDOWN = {MEDIA_TYPES[kind] for kind in MARKDOWN & MEDIA_TYPES.keys()}
_UNITS = {FileType.PDF: ("page", "pages"), FileType.PPTX: ("slide", "slides")}
# Fewer vectors than this say nothing about how fast they come.
ENOUGH_TO_ESTIMATE = 32


class Stage(StrEnum):
    FAILED = "failed"
    WAITING = "waiting"
    READING = "reading"
    SEARCHABLE = "searchable"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class State:
    """`percent` of the vectors that are there; `minutes` until all are, None if not known."""

    stage: Stage
    kind: str
    percent: int = 0
    minutes: int | None = None
    reason: str | None = None
    without_text: tuple[int, ...] = ()
    words_only: bool = False
    recognising: bool = False
    """Pages that are pictures are still to be read."""
    not_searched: str | None = None
    """Why a file that is kept is not searched."""
    unpacked: Mapping[str, Any] | None = None
    """Of an archive: how many `files` came out of it, how many were `known`, what was `left`."""

    @property
    def is_unfinished(self) -> bool:
        return self.recognising or self.stage in (Stage.WAITING, Stage.READING, Stage.SEARCHABLE)


def state_of(material: CourseMaterial, now: datetime) -> State:
    """The state of a material, as its row tells it. Pure."""
    details = material.details or {}
    kind = _kind(material)
    match material.indexing_status:
        case IndexingStatus.FAILED:
            return State(Stage.FAILED, kind, reason=details.get("reason"))
        case IndexingStatus.PENDING:
            return State(Stage.WAITING, kind)
        case IndexingStatus.PROCESSING if not material.chunk_count:
            return State(Stage.READING, kind)
    percent = int(100 * material.embedded_count / max(material.chunk_count, 1))
    recognising = bool(details.get("recognising"))
    if material.indexing_status is IndexingStatus.PROCESSING:
        minutes = _minutes(material, now)
        return State(Stage.SEARCHABLE, kind, percent, minutes, recognising=recognising)
    return State(
        Stage.READY,
        kind,
        percent,
        without_text=tuple(details.get("without_text", ())),
        words_only=material.embedded_count < material.chunk_count,
        recognising=recognising,
        not_searched=details.get("not_searched"),
        unpacked=details.get("unpacked"),
    )


def is_markdown(material: CourseMaterial) -> bool:
    """Whether the text of the material's pages is Markdown."""
    if material.file_type is FileType.OTHER:
        return (material.details or {}).get("media_type") in _MARKDOWN
    return material.file_type is FileType.MD


def is_only_kept(material: CourseMaterial) -> bool:
    """Whether there is nothing to read of the material, which can be downloaded alone: a picture, a
    recording, an archive whose files stand for themselves."""
    return not {"not_searched", "unpacked"}.isdisjoint(material.details or {})


def kind_in_words(material: CourseMaterial) -> str:
    """ "PDF", "Web page": what a person calls such a file."""
    media_type = (material.details or {}).get("media_type", "")
    return FURTHER_KINDS.get(media_type, KINDS[material.file_type])


def place_in_words(file_type: str, page: int, heading: str | None) -> str:
    """ "p. 7", "slide 5", or the innermost heading of a text without pages."""
    match file_type:
        case FileType.PDF:
            return f"p. {page}"
        case FileType.PPTX:
            return f"slide {page}"
    return innermost(heading) or f"section {page}"


def innermost(heading: str | None) -> str | None:
    """The last one of the headings that a passage stands under."""
    return heading.rpartition(" › ")[2] if heading else None


def size_in_words(size: int) -> str:
    """A file's size as people say it, in units of 1024."""
    megabytes = size / MEGABYTE
    if megabytes >= 1:
        return f"{megabytes:.1f} MB" if megabytes < 10 else f"{int(megabytes)} MB"
    return f"{max(size // 1024, 1 if size else 0)} kB"


def _kind(material: CourseMaterial) -> str:
    name, count = kind_in_words(material), material.page_count
    if count and material.file_type in _UNITS:
        one, many = _UNITS[material.file_type]
        return f"{name}, {count} {one if count == 1 else many}"
    return f"{name}, {size_in_words(material.file_size_bytes)}"


def _minutes(material: CourseMaterial, now: datetime) -> int | None:
    """By the rate so far; None while too little is done to tell."""
    began = (material.details or {}).get("words_at")
    if began is None or material.embedded_count < ENOUGH_TO_ESTIMATE:
        return None
    seconds = (now - datetime.fromisoformat(began)).total_seconds()
    left = material.chunk_count - material.embedded_count
    return max(1, round(left * seconds / material.embedded_count / 60))
