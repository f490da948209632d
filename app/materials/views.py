"""The materials room's door: the teacher's page, its plain form, and the reader of a source."""

import uuid
from datetime import timedelta

from flask import (
    Blueprint,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from app import config
from app.access import Actor, Right, current_actor, guard, requires
from app.errors import DomainError, NotFound
from app.extensions import transaction
from app.materials import catalogue, change_views, deletion, search_views, upload_views, whereabouts
from app.materials.files import delivery
from app.materials.listing import rows_of
from app.materials.looking import LONGEST
from app.materials.source.page import SourcePage, read_page
from app.materials.status import is_only_kept, kind_in_words, size_in_words
from app.materials.uploading import intake, uploads
from app.materials.visibility import may_save
from models import CourseMaterial, FileType, now

blueprint = Blueprint("materials", __name__)
blueprint.register_blueprint(upload_views.blueprint, url_prefix="/uploads")
blueprint.register_blueprint(change_views.blueprint)
blueprint.register_blueprint(search_views.blueprint)
guard(blueprint, Right.LEARN, Right.TEACH)

UNDO_SHOWN_FOR = timedelta(minutes=10)
SOURCE_PARAMETERS = ("page", "chunk", "quote", "view", "q")


class NothingToUpload(DomainError):
    status = 422
    sentence = "No file was chosen. Choose one or more files, then upload them."


@blueprint.get("/")
@requires(Right.TEACH)
def index() -> str:
    actor = current_actor()
    with transaction() as session:
        materials = catalogue.list_materials(session, actor.course)
        rows = rows_of(session, actor.course, materials)
        gone = deletion.list_deleted(session, actor.course)
        why_gone = deletion.why_gone(session, gone)
        waiting = uploads.list_unfinished(session, actor.course, actor.user_id)
    known = set(request.args.getlist("known"))
    just_deleted, recent = set(request.args.getlist("deleted")), now() - UNDO_SHOWN_FOR
    return render_template(
        "materials/index.html",
        rows=rows,
        in_use={row.material.material_id for row in rows},
        at=request.args.get("at"),
        known=[m.title for m in materials if str(m.material_id) in known],
        undo=[
            m
            for m in gone
            if str(m.material_id) in just_deleted and (m.deleted_at or now()) > recent
        ],
        gone=gone,
        why_gone=why_gone,
        waiting=waiting,
        attention=sum(row.needs_attention for row in rows),
        may_change=actor.may(Right.MANAGE),
        limit=config.current().upload_limit_bytes,
        too_large=intake.too_large(),
        longest=LONGEST,
        limit_words=size_in_words(config.current().upload_limit_bytes),
    )


@blueprint.post("/")
@requires(Right.MANAGE)
def upload() -> AnyResponse:
    """Takes the files of the plain form; the page's script sends them to `uploads` instead."""
    actor = current_actor()
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        raise NothingToUpload
    replaces_id = request.form.get("replaces", type=uuid.UUID) if len(files) == 1 else None
    added = [
        intake.take_in(actor.course, actor.user_id, file.filename or "", file.stream, replaces_id)
        for file in files
    ]
    known = [str(entry.material.material_id) for entry in added if not entry.is_kept]
    return redirect(url_for(".index", known=known), 303)


@blueprint.get("/<uuid:material_id>/row")
@requires(Right.TEACH)
def row(material_id: uuid.UUID) -> str:
    """The row once more, under the id that it has on the page; of a material that was replaced
    meanwhile the one in its place."""
    actor = current_actor()
    with transaction() as session:
        material = whereabouts.in_use_for(session, actor.course, material_id)
        if material is None:
            raise NotFound(catalogue.GONE)
        rows = rows_of(session, actor.course, [material])
    return render_template(
        "materials/_rows.html",
        rows=rows,
        may_change=actor.may(Right.MANAGE),
        is_single=True,
        key=material_id,
    )


@blueprint.get("/<uuid:material_id>")
def source(material_id: uuid.UUID) -> AnyResponse:
    """A page of a source, as the panel's inside or as a page of its own."""
    actor = current_actor()
    with transaction() as session:
        try:
            material = _get(session, actor, material_id)
        except NotFound:
            newer = whereabouts.leads_to(session, actor.course, material_id)
            if newer is None:
                raise
            _get(session, actor, newer)  # one that may not be seen is not led to either
            given = {name: request.args.getlist(name) for name in SOURCE_PARAMETERS}
            return redirect(url_for(".source", material_id=newer, **given))  # type: ignore[arg-type]
        page = read_page(
            session,
            material,
            request.args.get("page", type=int),
            chunk_id=request.args.get("chunk", type=uuid.UUID),
            quotes=request.args.getlist("quote"),
        )
    is_part = request.headers.get("HX-Request-Type") == "partial"
    template = "_source.html" if is_part else "materials/source.html"
    return make_response(render_template(template, source=_source(material, page)))


@blueprint.get("/<uuid:material_id>/file")
def file(material_id: uuid.UUID) -> AnyResponse:
    """The file itself: a PDF to be shown, in ranges; any to be saved by those who may."""
    actor = current_actor()
    with transaction() as session:
        material = _get(session, actor, material_id)
    to_be_saved = "download" in request.args
    is_read_here = material.file_type is FileType.PDF and not to_be_saved
    if not is_read_here and not may_save(material, see_hidden=actor.may(Right.TEACH)):
        raise NotFound
    return delivery.deliver(
        material,
        request,
        to_be_saved=to_be_saved,
        may_replace=actor.may(Right.MANAGE),
    )


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> AnyResponse:
    error = intake.FileTooLarge(intake.too_large())
    return current_app.make_response(current_app.handle_user_exception(error))


def _get(session: Session, actor: Actor, material_id: uuid.UUID) -> CourseMaterial:
    see_hidden = actor.may(Right.TEACH)
    return catalogue.get_material(session, actor.course, material_id, see_hidden=see_hidden)


def _source(material: CourseMaterial, page: SourcePage) -> dict[str, object]:
    """What `_source.html` wants to know."""
    is_pdf = material.file_type is FileType.PDF
    is_text = not is_pdf or request.args.get("view") == "text"
    is_kept = is_only_kept(material)
    has_next = not is_kept and (page.count is None or page.number < page.count)
    return {
        "title": material.title,
        "is_only_kept": is_kept,
        "unit": page.unit,
        "kind": kind_in_words(material),
        "label": page.label,
        "page": page.number,
        "page_count": page.count,
        "file_url": url_for(".file", material_id=material.material_id) if is_pdf else None,
        "quotes": page.quotes,
        "note": page.note,
        "text": Markup(page.html),  # noqa: S704 - made safe by app.materials.source.rendering
        "view": "text" if is_text else "page",
        "page_url": _view_url(material, page, "page") if is_pdf else None,
        "text_url": _view_url(material, page, "text") if is_pdf else None,
        "previous_url": _page_url(material, page.number - 1)
        if page.number > 1 and not is_kept
        else None,
        "next_url": _page_url(material, page.number + 1) if has_next else None,
        "cited": [],
        "download_url": _download_url(material),
        "back_url": _back_url(),
    }


def _download_url(material: CourseMaterial) -> str | None:
    if may_save(material, see_hidden=current_actor().may(Right.TEACH)):
        return url_for(".file", material_id=material.material_id, download=1)
    return None


def _back_url() -> str:
    """To the search that found it, else where files are cited or listed."""
    if text := request.args.get("q"):
        return url_for(".search.index", q=text)
    return url_for(".index" if current_actor().may(Right.TEACH) else "tutor.index")


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
        q=request.args.get("q"),
        view=view if view == "text" else None,
    )
