"""Institutions: the schools behind deployments."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.admin import changes
from app.admin.connections import schools
from app.admin.institutions import InstitutionRefused
from app.admin.views.gate import current_operator
from app.extensions import transaction

blueprint = Blueprint("institutions", __name__)


@blueprint.get("/institutions")
def index() -> str:
    """All institutions, and the form for a new one."""
    return _page()


@blueprint.post("/institutions")
def add() -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            changes.add_institution(session, current_operator().name, request.form.get("name", ""))
    except InstitutionRefused as refused:
        return _page(error=refused.sentence), refused.status
    return _back("institution_added")


@blueprint.post("/institutions/<uuid:institution_id>/rename")
def rename(institution_id: UUID) -> Response | tuple[str, int]:
    operator, name = current_operator().name, request.form.get("name", "")
    try:
        with transaction() as session:
            changes.rename_institution(session, operator, institution_id, name)
    except InstitutionRefused as refused:
        return _page(renaming=institution_id, error=refused.sentence), refused.status
    return _back("renamed")


@blueprint.post("/institutions/<uuid:institution_id>/<any(on, off):to>")
def switch(institution_id: UUID, to: str) -> Response:
    """Let its people in, or nobody of them."""
    with transaction() as session:
        changes.switch_institution(session, current_operator().name, institution_id, to == "on")
    return _back(f"switched_{to}")


def _page(error: str | None = None, renaming: UUID | None = None) -> str:
    with transaction() as session:
        found = schools(session)
    return render_template(
        "admin/institutions.html", schools=found, error=error, renaming=renaming, form=request.form
    )


def _back(done: str) -> Response:
    return redirect(url_for(".index", done=done), 303)
