"""Tells what a file is by its content, and looks at an archive's sizes before it is unpacked."""

import mimetypes
import re
import zipfile
from pathlib import Path

from .page import DAMAGED, EMPTY, PROTECTED, NotSearched, Unreadable

LARGEST_UNPACKED = 1_000_000_000
LARGEST_UNPACKED_XML = 250_000_000
MOST_ENTRIES = 20_000
LARGEST_MANIFEST = 1_000_000

ARCHIVES = ("zip", "imscc")
NAMES = {
    "pdf": "a PDF",
    "pptx": "a PowerPoint file",
    "docx": "a Word document",
    "md": "Markdown",
    "txt": "text",
    "html": "a web page",
    "odt": "an OpenDocument text",
    "ipynb": "a notebook",
    "vtt": "captions",
    "srt": "captions",
}
# Kinds beyond those that materials have a type of their own for.
MEDIA_TYPES = {
    "html": "text/html",
    "odt": "application/vnd.oasis.opendocument.text",
    "ipynb": "application/x-ipynb+json",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
}
# Read as Markdown.
MARKDOWN = frozenset({"md", "html", "ipynb"})
ENDINGS = {
    "pdf": "pdf",
    "pptx": "pptx",
    "pptm": "pptx",
    "docx": "docx",
    "docm": "docx",
    "md": "md",
    "markdown": "md",
    "txt": "txt",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "odt": "odt",
    "ipynb": "ipynb",
    "vtt": "vtt",
    "srt": "srt",
}
# Text may be called any of these: what it says decides, else the name.
_TEXTS = frozenset({"md", "txt", "html", "vtt", "srt", "ipynb"})
# First bytes of other files, with what they are and their media types.
_OTHERS = (
    (b"\x89PNG", "a picture", "image/png"),
    (b"\xff\xd8\xff", "a picture", "image/jpeg"),
    (b"GIF8", "a picture", "image/gif"),
    (b"BM", "a picture", "image/bmp"),
    (b"II*\0", "a picture", "image/tiff"),
    (b"MM\0*", "a picture", "image/tiff"),
    (b"{\\rtf", "an RTF document", "application/rtf"),
    (b"\x1f\x8b", "a packed archive", "application/gzip"),
    (b"7z\xbc\xaf", "a packed archive", "application/x-7z-compressed"),
    (b"Rar!", "a packed archive", "application/vnd.rar"),
    (b"BZh", "a packed archive", "application/x-bzip2"),
    (b"\xfd7zXZ", "a packed archive", "application/x-xz"),
    (b"ID3", "a recording", "audio/mpeg"),
    (b"OggS", "a recording", "application/ogg"),
    (b"fLaC", "a recording", "audio/flac"),
    (b"\x1aE\xdf\xa3", "a recording", "video/webm"),
    (b"%!PS", "a PostScript file", "application/postscript"),
    (b"\x7fELF", "a program", "application/octet-stream"),
    (b"MZ", "a program", "application/octet-stream"),
)
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKS = {
    "vtt": re.compile(rb"WEBVTT([ \t\r\n]|\Z)"),
    "srt": re.compile(rb"\d+[ \t]*\r?\n[ \t]*\d+:\d\d:\d\d[,.]\d+[ \t]+-->"),
    "html": re.compile(
        rb"(<\?xml[^>]*>\s*)?(<!--.{0,2000}?-->\s*){0,3}(<!doctype\s+html|<html[\s>])", re.I | re.S
    ),
}
_ODT = b"application/vnd.oasis.opendocument.text"
_MAIN_PARTS = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx"}


def kind_of(path: Path, name: str) -> str:
    """One of `NAMES`, by content; where that is just text, by the name's ending.

    Raises `Unreadable` if the file is empty, a bomb, or not what `name` says, `NotSearched` if it
    is of another kind.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise Unreadable(EMPTY)
    ending = ENDINGS.get(name.rpartition(".")[2].lower()) if "." in name else None
    kind = _by_content(path, name, head, ending)
    if ending and kind != ending and not {kind, ending} <= _TEXTS:
        raise Unreadable(_mislabelled(name, kind))
    return kind


def _by_content(path: Path, name: str, head: bytes, ending: str | None) -> str:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK"):
        return _office_kind(path, name, ending)
    if head.startswith(_OLE):
        raise Unreadable(_ole_sentence(path))
    for mark, what, media_type in _OTHERS:
        if head.startswith(mark):
            raise _other(what, media_type, ending)
    if head[4:8] == b"ftyp" or head[:4] == b"RIFF":
        raise _other("a picture or a recording", _by_name(name), ending)
    if ending in ("pdf", "pptx", "docx", "odt") and not _looks_like_text(head):
        raise Unreadable(DAMAGED)
    if ending is None and b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _other("a file of another kind", _by_name(name), ending)
    return _text_kind(path, head, ending)


def _text_kind(path: Path, head: bytes, ending: str | None) -> str:
    """What its first lines say that it is, else Markdown or a web page if its name says so."""
    start = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    for kind, mark in _MARKS.items():
        if mark.match(start):
            return kind
    if start.startswith(b"{") and _is_notebook(path, head, ending):
        return "ipynb"
    if ending in ("vtt", "srt") and b"-->" in head:
        return ending
    if ending == "md" or (ending == "html" and re.search(rb"<[a-zA-Z][^<>]*>", start)):
        return ending
    return "txt"


def _is_notebook(path: Path, head: bytes, ending: str | None) -> bool:
    """Its format's number stands at the end of most, and a cut-off one has lost it."""
    if ending == "ipynb" and b'"cells"' in head:
        return True
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 4096, 0))
        ends = head + file.read()
    return b'"nbformat"' in ends and (b'"cells"' in ends or b'"cell_type"' in ends)


def _other(what: str, media_type: str, ending: str | None) -> Unreadable:
    """What the tutor does not read: kept, unless its name says that it is something else."""
    if ending:
        return Unreadable(_other_kind(what))
    return NotSearched(
        f"This is {what}: it can be downloaded, but what stands in it is not searched. The tutor "
        "reads PDF, PowerPoint, Word and OpenDocument text, Markdown, text, web pages, notebooks "
        "and captions.",
        media_type,
    )


def _by_name(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _looks_like_text(head: bytes) -> bool:
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return odd == 0


def _office_kind(path: Path, name: str, ending: str | None) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            kind = _main_part(archive, entries)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise Unreadable(DAMAGED) from error
    check_sizes(entries)
    if kind is None:
        names = {entry.filename for entry in entries}
        if "xl/workbook.xml" in names:
            raise _other("an Excel file", _EXCEL, ending)
        if "content.xml" in names and "mimetype" in names:
            raise _other("an OpenDocument file of another kind", _by_name(name), ending)
        raise _other("a ZIP archive of another kind", "application/zip", ending)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable(PROTECTED)
    return kind


def _main_part(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str | None:
    """An Office file has a part of a known name, OpenDocument says its type in the first entry.

    A few parts of an OpenDocument text are encrypted by themselves; its manifest says which.
    """
    kinds = (_MAIN_PARTS[e.filename] for e in entries if e.filename in _MAIN_PARTS)
    if kind := next(kinds, None):
        return kind
    names = {entry.filename: entry for entry in entries}
    if "mimetype" not in names or names["mimetype"].file_size > 200:
        return None
    if archive.read("mimetype").strip() not in (_ODT, _ODT + b"-template"):
        return None
    manifest = names.get("META-INF/manifest.xml")
    if manifest is None or manifest.file_size > LARGEST_MANIFEST:
        return "odt"
    if b"encryption-data" in archive.read(manifest):
        raise Unreadable(PROTECTED)
    return "odt"


def check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    """Raises `Unreadable` if the archive's own directory promises more than may be unpacked."""
    total = sum(entry.file_size for entry in entries)
    xml = sum(e.file_size for e in entries if e.filename.endswith((".xml", ".rels")))
    if total > LARGEST_UNPACKED or xml > LARGEST_UNPACKED_XML or len(entries) > MOST_ENTRIES:
        raise Unreadable(
            f"Unpacked, the file would take {max(total, 1) / 1e9:.1f} GB, far more than can be "
            "read. Save a new copy without its large parts and upload that."
        )


def _ole_sentence(path: Path) -> str:
    """Office keeps an encrypted new file, and any old one, in the same kind of container."""
    with path.open("rb") as file:
        start = file.read(1_000_000)
    if "EncryptedPackage".encode("utf-16-le") in start:
        return PROTECTED
    return (
        "This is a file of an old Word or PowerPoint. Open it, save it as .docx, .pptx or PDF and "
        "upload that."
    )


def _other_kind(what: str) -> str:
    return (
        f"This is {what}. The tutor reads PDF, PowerPoint, Word and OpenDocument text, Markdown, "
        "text, web pages, notebooks and captions: save it as one of these and upload that."
    )


def _mislabelled(name: str, kind: str) -> str:
    ending = name.rpartition(".")[2]
    return (
        f"The name ends in .{ending}, but the file is {NAMES[kind]}. Give it the ending .{kind} "
        "if that is right, or choose the file again."
    )
