"""Uploads that go on after a dropped connection: tus 1.0.0 with creation, expiration, termination.

https://tus.io/protocols/resumable-upload. What became of an upload stands at its address, `/row`.
"""

import base64
import binascii
import uuid
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.http import http_date
from werkzeug.wrappers import Response as AnyResponse

from app import config
from app.access import Right, current_actor, guard
from app.errors import DomainError
from app.extensions import transaction
from app.materials.files import incoming
from app.materials.listing import rows_of
from app.materials.uploading import uploads
from app.materials.uploading.uploads import Announced
from models import Upload

blueprint = Blueprint("uploads", __name__)
guard(blueprint, Right.MANAGE)

VERSION = "1.0.0"
PIECES = "application/offset+octet-stream"


class NotUnderstood(DomainError):
    sentence = "The upload could not be understood. Reload the page and try again."


@blueprint.before_request
def check_version() -> AnyResponse | None:
    """Clients of another version of the protocol are told which one is spoken here."""
    if request.method in ("OPTIONS", "GET") or request.endpoint == "materials.uploads.discard":
        return None
    if request.headers.get("Tus-Resumable") == VERSION:
        return None
    return _answer(412, **{"Tus-Version": VERSION})


@blueprint.route("/", methods=["OPTIONS"], provide_automatic_options=False)
def offer() -> AnyResponse:
    """What the server can do."""
    return _answer(
        204,
        **{
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,expiration,termination",
            "Tus-Max-Size": str(config.current().upload_limit_bytes),
        },
    )


@blueprint.post("/")
def begin() -> AnyResponse:
    """Creation: the file is announced, and gets an address."""
    actor, file = current_actor(), _announced()
    with transaction() as session:
        upload = uploads.begin(session, actor.course, actor.user_id, file)
    address = url_for("materials.uploads.offset", upload_id=upload.upload_id)
    return _answer(201, Location=address, **_expiry(upload))


@blueprint.route("/<uuid:upload_id>", methods=["HEAD"])
def offset(upload_id: uuid.UUID) -> AnyResponse:
    """Where to go on."""
    upload = _get(upload_id)
    is_here = upload.material_id or incoming.are_there(upload_id, upload.received)
    if not is_here:
        raise uploads.UploadGone(reason=f"bytes of upload {upload_id} are missing")
    facts = {"Upload-Offset": str(upload.received), "Upload-Length": str(upload.size)}
    return _answer(200, **facts, **_expiry(upload))


@blueprint.patch("/<uuid:upload_id>")
def go_on(upload_id: uuid.UUID) -> AnyResponse:
    """The next bytes; with the last of them the file becomes a material."""
    if request.content_type != PIECES:
        raise NotUnderstood(status=415)
    upload = _get(upload_id)
    safe = uploads.receive(upload, _natural("Upload-Offset"), request.stream)
    if safe == upload.size:
        uploads.finish(upload)
    return _answer(204, **{"Upload-Offset": str(safe)}, **_expiry(upload))


@blueprint.get("/<uuid:upload_id>/row")
def row(upload_id: uuid.UUID) -> AnyResponse:
    """What a whole upload became, for the page's script; 200 if the course had it already."""
    upload = _get(upload_id)
    if upload.received < upload.size:
        raise uploads.UploadGone
    added = uploads.finish(upload)
    with transaction() as session:
        rows = rows_of(session, added.material.course_id, [added.material])
    page = render_template("materials/_rows.html", rows=rows, may_change=True)
    return make_response(page, 201 if added.is_kept else 200)


@blueprint.delete("/<uuid:upload_id>")
def end(upload_id: uuid.UUID) -> AnyResponse:
    """Termination: the upload was cancelled."""
    _forget(upload_id)
    return _answer(204)


@blueprint.post("/<uuid:upload_id>/discard")
def discard(upload_id: uuid.UUID) -> AnyResponse:
    """The same as a form."""
    _forget(upload_id)
    return redirect(url_for("materials.index"), 303)


def _forget(upload_id: uuid.UUID) -> None:
    upload = _get(upload_id)
    with transaction() as session:
        uploads.forget(session, upload)
    incoming.discard(upload_id)


def _get(upload_id: uuid.UUID) -> Upload:
    actor = current_actor()
    with transaction() as session:
        return uploads.get(session, actor.course, actor.user_id, upload_id)


def _announced() -> Announced:
    facts = _metadata(request.headers.get("Upload-Metadata", ""))
    try:
        replaces = uuid.UUID(facts["replaces"]) if facts.get("replaces") else None
    except ValueError as error:
        raise NotUnderstood(reason=str(error)) from error
    modified = facts.get("modified", "")
    return Announced(
        name=facts.get("filename", ""),
        size=_natural("Upload-Length"),
        modified=int(modified)
        if modified.isascii() and modified.isdigit() and len(modified) < 16
        else None,
        replaces_id=replaces,
    )


def _metadata(header: str) -> dict[str, str]:
    """Pairs of a name and a value in Base64, after commas."""
    facts = {}
    for pair in filter(None, header.split(",")):
        name, _, value = pair.strip().partition(" ")
        try:
            facts[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise NotUnderstood(reason=f"metadata {name!r}: {error}") from error
    return facts


def _natural(header: str) -> int:
    given = request.headers.get(header, "")
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise NotUnderstood(reason=f"{header}: {given!r}")
    return int(given)


def _expiry(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": http_date(upload.expires_at)}


def _answer(status: int, **headers: Any) -> Response:
    response = make_response("", status)
    response.headers.update({"Tus-Resumable": VERSION, "Cache-Control": "no-store", **headers})
    if status == 204:
        del response.headers["Content-Type"]
    return response
