"""The door for a course that the LMS copied: its teacher may bring the old one's content along."""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access import Actor, Right, current_actor, guard
from app.activities.catalogue import list_activities
from app.activities.copying import copy_files, readings, take_over_bank, take_over_files
from app.activities.origins import Source, decline, source_of
from app.activities.repair import take_over_all
from app.errors import NotFound
from app.extensions import transaction

blueprint = Blueprint("copied", __name__)
guard(blueprint, Right.MANAGE)

WHAT = ("links", "bank", "files")


@blueprint.get("/")
def index() -> Response | str:
    """Where the course comes from, and what there is."""
    with transaction() as session:
        source = source_of(session, current_actor().session_id)
    if source is None:
        return redirect(url_for("tutor.index"), 303)
    return _page(source, WHAT)


@blueprint.post("/")
def bring() -> Response | tuple[str, int]:
    """Bring along what is marked. Sent twice, it brings nothing twice."""
    actor, marked = current_actor(), [one for one in WHAT if one in request.form]
    with transaction() as session:
        source = _source(session, actor)
        old = source.course.course_id
        links = list_activities(session, old) if "links" in marked else []
        wanted = readings(session, old, links)
    if not marked:
        return _page(source, (), "Mark what is to come along."), 422
    files = copy_files(wanted, actor.course, actor.user_id)
    with transaction() as session:
        if "links" in marked:
            take_over_all(session, actor.course, actor.user_id, old, files)
        if "bank" in marked:
            take_over_bank(session, actor.course, actor.user_id, old)
        if "files" in marked:
            take_over_files(session, actor.course, actor.user_id, old)
    saved = "brought-files" if "files" in marked else "brought"
    return redirect(url_for("activities.settings.index", saved=saved), 303)


@blueprint.post("/decline")
def say_no() -> Response:
    """Offer it no more."""
    actor = current_actor()
    with transaction() as session:
        source = _source(session, actor)
        decline(session, actor.course, actor.user_id, source.course)
    return redirect(url_for("activities.settings.index", saved="declined"), 303)


def _source(session: Session, actor: Actor) -> Source:
    source = source_of(session, actor.session_id)
    if source is None:
        raise NotFound(reason="the course comes from none that this teacher may know")
    return source


def _page(source: Source, marked: Sequence[str], error: str = "") -> str:
    return render_template(
        "activities/copied.html", source=source, marked=marked, error_in_words=error
    )
