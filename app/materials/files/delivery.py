"""Sends a material's file: whole or a range of it (RFC 9110, sections 13 and 14), never to be run.

Who may have it, the view decides at each request; a browser keeps nothing without asking again.
Only PDF and plain text may be shown; anything else is saved, and would have no rights if it were
opened all the same.
"""

import unicodedata
from urllib.parse import quote

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from app.errors import NotFound
from app.extensions import transaction
from app.materials.files.storage import storage
from app.materials.files.verification import record
from models import CourseMaterial, FileFault, FileType

_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {
    FileType.PDF: "application/pdf",
    FileType.PPTX: f"{_OFFICE}.presentationml.presentation",
    FileType.DOCX: f"{_OFFICE}.wordprocessingml.document",
    FileType.MD: "text/markdown",
    FileType.TXT: "text/plain",
}
SHOWN = ("application/pdf", "text/plain")
UNKNOWN = "application/octet-stream"

ASK = "Please tell your teacher."
UPLOAD = "Upload it again, as a new version of this one."


def deliver(
    material: CourseMaterial, request: Request, *, to_be_saved: bool, may_replace: bool
) -> Response:
    """The answer to a request for the file. Raises `NotFound`, `StorageUnreachable`."""
    path = material.storage_path
    size = _size(path)
    if size != material.file_size_bytes:
        fault = FileFault.MISSING if size is None else FileFault.DAMAGED
        with transaction() as session:
            record(session, material.material_id, path, fault)
        sentence = f"This file is {fault.value} on the server. {UPLOAD if may_replace else ASK}"
        raise NotFound(sentence, reason=f"{path} is {fault.value}")
    headers = _headers(material, to_be_saved=to_be_saved)
    response = Response(headers=headers)
    response.set_etag(path.rpartition("/")[2])
    response.make_conditional(request)
    if response.status_code != 200:
        return response
    return _with_content(response, path, size, request)


def _size(path: str) -> int | None:
    try:
        return storage().size(path)
    except FileNotFoundError:
        return None


def _with_content(response: Response, path: str, size: int, request: Request) -> Response:
    span = _span(request, response.get_etag()[0], size)
    if span is None:
        response.status_code = 416
        response.headers["Content-Range"] = f"bytes */{size}"
        return response
    start, stop = span
    response.headers["Accept-Ranges"] = "bytes"
    if span != (0, size):
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response.headers["Content-Length"] = str(stop - start)
    if request.method != "HEAD":
        response.response = storage().pieces(path, start, stop)
    return response


def _span(request: Request, etag: str | None, size: int) -> tuple[int, int] | None:
    """The bytes asked for, from and before; None where there are no such bytes.

    Several ranges at once, other units and what cannot be read are answered with the whole.
    """
    asked, condition = request.range, request.if_range
    is_other = (condition.etag or condition.date) and condition.etag != etag
    if request.method != "GET" or asked is None or asked.units != "bytes" or is_other:
        return 0, size
    if len(asked.ranges) != 1:
        return 0, size
    start, stop = asked.ranges[0]
    start = start if start >= 0 else max(size + start, 0)
    stop = size if stop is None else min(stop, size)
    return (start, stop) if start < stop else None


def _headers(material: CourseMaterial, *, to_be_saved: bool) -> Headers:
    media_type = _media_type(material)
    is_shown = media_type in SHOWN and not to_be_saved
    headers = Headers()
    headers["Content-Type"] = media_type
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cache-Control"] = "private, no-cache"
    name = str((material.details or {}).get("name") or material.title)
    headers.set("Content-Disposition", "inline" if is_shown else "attachment", **_named(name))
    if not is_shown:
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return headers


def _media_type(material: CourseMaterial) -> str:
    """What reading found it to be; before that, what its name says."""
    if material.file_type is FileType.OTHER:
        return str((material.details or {}).get("media_type") or UNKNOWN)
    return MEDIA_TYPES[material.file_type]


def _named(name: str) -> dict[str, str]:
    """A file's name as header parameters (RFC 6266): in ASCII, and as it is where that differs."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    if plain == name:
        return {"filename": name}
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
