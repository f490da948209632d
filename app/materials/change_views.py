"""The teachers' door to what a material is called, where it stands, who may see it, and its end."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import clock, config
from app.access import Right, current_actor, guard
from app.errors import Action, DomainError
from app.extensions import transaction
from app.materials import catalogue, deletion, versions, whereabouts
from app.materials.listing import Row, rows_of
from app.materials.uploading import intake
from app.materials.visibility import is_for_saving
from models import Course, CourseMaterial

blueprint = Blueprint("changes", __name__)
guard(blueprint, Right.MANAGE)


class NothingChosen(DomainError):
    status = 422
    sentence = "No file is chosen. Tick one or more of them first."


@blueprint.get("/<uuid:material_id>/edit")
def edit(material_id: uuid.UUID) -> str:
    with transaction() as session:
        material, row, zone = _for_editing(session, material_id)
    return _edit_page(row, zone, _as_form(material, zone), {})


@blueprint.post("/<uuid:material_id>/edit")
def change(material_id: uuid.UUID) -> Response:
    form, errors = request.form, dict[str, str]()
    with transaction() as session:
        versions.hold(session, [material_id])
        material, row, zone = _for_editing(session, material_id)
        release_at = None
        if form.get("release") == "from":
            release_at = _moment(form.get("release_at", ""), zone, errors)
        if not errors:
            catalogue.rename(session, material, form.get("title", ""))
            catalogue.release(
                session, [material], is_public=form.get("release") != "hidden", at=release_at
            )
            catalogue.let_save(session, material, allowed="may_save" in form)
    if errors:
        return make_response(_edit_page(row, zone, form, errors), 422)
    return _back(material_id)


@blueprint.post("/<uuid:material_id>/again")
def again(material_id: uuid.UUID) -> Response:
    with transaction() as session:
        catalogue.try_again(session, _get(session, material_id))
    return _back(material_id)


@blueprint.post("/<uuid:material_id>/delete")
def delete(material_id: uuid.UUID) -> Response:
    with transaction() as session:
        versions.hold(session, [material_id])
        material = _get(session, material_id)
        deletion.delete_materials(session, current_actor().user_id, [material])
    return redirect(url_for("materials.index", deleted=material_id), 303)


@blueprint.post("/restore")
def restore() -> Response:
    """Brings deleted files back."""
    actor = current_actor()
    with transaction() as session:
        versions.hold(session, _chosen())
        for material_id in _chosen():
            material = deletion.get_deleted(session, actor.course, material_id)
            deletion.restore_material(session, actor.user_id, material)
    return _back(_chosen()[0])


@blueprint.post("/chosen")
def chosen() -> Response:
    """Releases, hides or deletes all files that are ticked; of one that was replaced since then,
    the new version."""
    actor, act = current_actor(), request.form.get("do")
    with transaction() as session:
        versions.hold(session, _chosen())
        ids = whereabouts.where_now(session, actor.course, _chosen(), see_hidden=True).values()
        materials = catalogue.get_chosen(session, actor.course, ids)
        if act == "delete":
            deletion.delete_materials(session, actor.user_id, materials)
        elif act in ("release", "hide"):
            catalogue.release(session, materials, is_public=act == "release")
    if act == "delete":
        deleted = [material.material_id for material in materials]
        return redirect(url_for("materials.index", deleted=deleted), 303)
    return redirect(url_for("materials.index"), 303)


@blueprint.get("/order")
def order() -> str:
    """All files in their order, each with buttons that move it."""
    with transaction() as session:
        materials = catalogue.in_use_in_order(session, current_actor().course)
    pressed = (request.args.get("at"), request.args.get("to"))
    return render_template("materials/order.html", materials=materials, pressed=pressed)


@blueprint.post("/<uuid:material_id>/move")
def move(material_id: uuid.UUID) -> Response:
    """A step up or down; the page comes back at the button that was pressed."""
    to = "up" if request.form.get("to") == "up" else "down"
    with transaction() as session:
        catalogue.move(session, _get(session, material_id), -1 if to == "up" else 1)
    return redirect(url_for(".order", at=material_id, to=to), 303)


def _get(session: Session, material_id: uuid.UUID) -> CourseMaterial:
    return catalogue.get_material(session, current_actor().course, material_id, see_hidden=True)


def _for_editing(session: Session, material_id: uuid.UUID) -> tuple[CourseMaterial, Row, str]:
    material = _get(session, material_id)
    zone = session.get_one(Course, material.course_id).time_zone
    return material, rows_of(session, material.course_id, [material])[0], zone


def _chosen() -> list[uuid.UUID]:
    """The ids of the files that are ticked. Raises `NothingChosen`."""
    ids = request.form.getlist("material", type=uuid.UUID)
    if not ids:
        raise NothingChosen(action=Action("Back to the materials", url_for("materials.index")))
    return ids


def _back(material_id: uuid.UUID) -> Response:
    """To the list, at the row of this material."""
    address = url_for("materials.index", at=material_id, _anchor=f"material-{material_id}")
    return redirect(address, 303)


def _edit_page(row: Row, zone: str, form: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    return render_template(
        "materials/edit.html",
        row=row,
        zone=zone,
        form=form,
        errors=errors,
        limit=config.current().upload_limit_bytes,
        too_large=intake.too_large(),
    )


def _as_form(material: CourseMaterial, zone: str) -> dict[str, str]:
    at = material.release_at
    local = f"{at.astimezone(clock.zone_of(zone)):%Y-%m-%dT%H:%M}" if at else ""
    release = "hidden" if not material.is_public else "from" if at else "now"
    form = {"title": material.title, "release": release, "release_at": local}
    return form | ({"may_save": "1"} if is_for_saving(material) else {})


def _moment(given: str, zone: str, errors: dict[str, str]) -> datetime | None:
    """A local time of the course."""
    try:
        moment = datetime.fromisoformat(given.strip())
        if moment.tzinfo is not None or not 2000 <= moment.year <= 2200:
            raise ValueError
    except ValueError:
        errors["release_at"] = "Choose a day and a time."
        return None
    return moment.replace(tzinfo=clock.zone_of(zone))
