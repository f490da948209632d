"""The materials room's door: the teacher's page, uploads, and the reader of a source."""

import uuid
from dataclasses import dataclass

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from app import config
from app.access import Actor, Right, current_actor, guard, requires
from app.errors import DomainError, NotFound
from app.extensions import transaction
from app.materials import catalogue
from app.materials.catalogue import Added
from app.materials.source import SourcePage, read_page
from app.materials.status import State, size_in_words, state_of
from app.materials.storage import storage
from models import CourseMaterial, FileType, IndexingStatus, now

blueprint = Blueprint("materials", __name__)
guard(blueprint, Right.LEARN, Right.TEACH)

PDF = "application/pdf"
# Unfinished files for each second between two looks of the page at one of them.
FILES_PER_SECOND = 8


class FileTooLarge(DomainError):
    status = 413


class NothingChosen(DomainError):
    status = 422
    sentence = "No file was chosen. Choose one or more files, then upload them."


@blueprint.get("/")
@requires(Right.TEACH)
def index() -> str:
    actor = current_actor()
    with transaction() as session:
        materials = catalogue.list_materials(session, actor.course)
    known = set(request.args.getlist("known"))
    return render_template(
        "materials/index.html",
        rows=[_row(material, catalogue.unfinished_of(materials)) for material in materials],
        known=[m.title for m in materials if str(m.material_id) in known],
        attention=sum(m.indexing_status is IndexingStatus.FAILED for m in materials),
        may_change=actor.may(Right.MANAGE),
        limit=config.current().upload_limit_bytes,
        limit_words=size_in_words(config.current().upload_limit_bytes),
    )


@blueprint.post("/")
@requires(Right.MANAGE)
def upload() -> AnyResponse:
    """Takes one file (from the page's script) or several (from the plain form)."""
    actor = current_actor()
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        raise NothingChosen
    added = [_take_in(actor, file) for file in files]
    if "HX-Request" in request.headers:
        rows = [_row(entry.material, 1) for entry in added]
        page = render_template("materials/_rows.html", rows=rows, may_change=True, added=added)
        return make_response(page, 201)
    known = [str(entry.material.material_id) for entry in added if not entry.is_new]
    return redirect(url_for(".index", known=known), 303)


@blueprint.get("/<uuid:material_id>/row")
@requires(Right.TEACH)
def row(material_id: uuid.UUID) -> str:
    actor = current_actor()
    with transaction() as session:
        material = _get(session, actor, material_id)
        waiting = catalogue.count_unfinished(session, actor.course)
    return render_template(
        "materials/_rows.html", rows=[_row(material, waiting)], may_change=actor.may(Right.MANAGE)
    )


@blueprint.get("/<uuid:material_id>/edit")
@requires(Right.MANAGE)
def edit(material_id: uuid.UUID) -> str:
    with transaction() as session:
        material = _get(session, current_actor(), material_id)
    return render_template("materials/edit.html", row=_row(material, 1))


@blueprint.post("/<uuid:material_id>/edit")
@requires(Right.MANAGE)
def change(material_id: uuid.UUID) -> AnyResponse:
    with transaction() as session:
        material = _get(session, current_actor(), material_id)
        catalogue.change_material(
            session,
            material,
            title=request.form.get("title", ""),
            is_public="is_public" in request.form,
        )
    return redirect(url_for(".index"), 303)


@blueprint.post("/<uuid:material_id>/again")
@requires(Right.MANAGE)
def again(material_id: uuid.UUID) -> AnyResponse:
    with transaction() as session:
        catalogue.try_again(session, _get(session, current_actor(), material_id))
    return redirect(url_for(".index"), 303)


@blueprint.post("/<uuid:material_id>/delete")
@requires(Right.MANAGE)
def delete(material_id: uuid.UUID) -> AnyResponse:
    actor = current_actor()
    with transaction() as session:
        catalogue.delete_material(session, actor.user_id, _get(session, actor, material_id))
    return redirect(url_for(".index"), 303)


@blueprint.get("/<uuid:material_id>")
def source(material_id: uuid.UUID) -> str:
    """A page of a source, as the panel's inside or as a page of its own."""
    actor = current_actor()
    with transaction() as session:
        material = _get(session, actor, material_id)
        page = read_page(
            session,
            material,
            request.args.get("page", type=int),
            chunk_id=request.args.get("chunk", type=uuid.UUID),
            quotes=request.args.getlist("quote"),
        )
    is_part = request.headers.get("HX-Request-Type") == "partial"
    template = "_source.html" if is_part else "materials/source.html"
    return render_template(template, source=_source(material, page))


@blueprint.get("/<uuid:material_id>/file")
def file(material_id: uuid.UUID) -> Response:
    """The file itself: a PDF to be shown, in ranges; anything else to be saved, by teachers."""
    actor = current_actor()
    with transaction() as session:
        material = _get(session, actor, material_id)
    is_pdf = material.file_type is FileType.PDF
    if not (is_pdf or actor.may(Right.TEACH)):
        raise NotFound
    try:
        with storage().local(material.storage_path) as path:
            response = send_file(
                path,
                mimetype=PDF if is_pdf else "application/octet-stream",
                as_attachment=not is_pdf or "download" in request.args,
                download_name=(material.details or {}).get("name") or material.title,
                conditional=True,
                etag=material.storage_path.rpartition("/")[2],
            )
    except FileNotFoundError as error:
        raise NotFound("The file is missing on the server.", reason=str(error)) from error
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> AnyResponse:
    return current_app.make_response(current_app.handle_user_exception(_too_large()))


def _too_large() -> FileTooLarge:
    limit = size_in_words(config.current().upload_limit_bytes)
    return FileTooLarge(
        f"The file is larger than {limit}, the most that can be uploaded. Split it, or save a "
        "smaller copy, and upload that."
    )


def _take_in(actor: Actor, file: FileStorage) -> Added:
    """Keeps the file, then adds its row; no file stays that no row tells of."""
    material_id = uuid.uuid4()
    stored = storage().save(file.stream, material_id)
    added = None
    try:
        if stored.size > config.current().upload_limit_bytes:
            raise _too_large()
        with transaction() as session:
            added = catalogue.add_material(
                session, actor.course, actor.user_id, file.filename or "", material_id, stored
            )
    finally:
        if added is None or not added.is_new:
            storage().delete(stored.path)
    return added


def _get(session: Session, actor: Actor, material_id: uuid.UUID) -> CourseMaterial:
    see_hidden = actor.may(Right.TEACH)
    return catalogue.get_material(session, actor.course, material_id, see_hidden=see_hidden)


@dataclass(frozen=True, slots=True)
class Row:
    """A material as the page shows it; `pace` in seconds between two looks, None once finished."""

    material: CourseMaterial
    state: State
    size: str
    pace: int | None


def _row(material: CourseMaterial, unfinished: int) -> Row:
    state = state_of(material, now())
    pace = max(1, unfinished // FILES_PER_SECOND) if state.is_unfinished else None
    return Row(material, state, size_in_words(material.file_size_bytes), pace)


def _source(material: CourseMaterial, page: SourcePage) -> dict[str, object]:
    """What `_source.html` wants to know."""
    is_pdf = material.file_type is FileType.PDF
    is_text = not is_pdf or request.args.get("view") == "text"
    has_next = page.count is None or page.number < page.count
    return {
        "title": material.title,
        "unit": page.unit,
        "page": page.number,
        "page_count": page.count,
        "file_url": url_for(".file", material_id=material.material_id) if is_pdf else None,
        "quotes": page.quotes,
        "text": Markup(page.html),  # noqa: S704 - made safe by app.materials.rendering
        "view": "text" if is_text else "page",
        "page_url": _view_url(material, page, "page") if is_pdf else None,
        "text_url": _view_url(material, page, "text") if is_pdf else None,
        "previous_url": _page_url(material, page.number - 1) if page.number > 1 else None,
        "next_url": _page_url(material, page.number + 1) if has_next else None,
        "cited": [],
        "back_url": url_for(".index" if current_actor().may(Right.TEACH) else "tutor.index"),
    }


def _page_url(material: CourseMaterial, number: int) -> str:
    """Another page of the same source, in the same view and with the same quotations."""
    return _source_url(material, number, request.args.get("view"))


def _view_url(material: CourseMaterial, page: SourcePage, view: str) -> str:
    return _source_url(material, page.number, view)


def _source_url(material: CourseMaterial, number: int, view: str | None) -> str:
    return url_for(
        ".source",
        material_id=material.material_id,
        page=number,
        chunk=request.args.get("chunk"),
        quote=request.args.getlist("quote"),
        view=view if view == "text" else None,
    )
