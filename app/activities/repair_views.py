"""The door for a link whose activity this course does not have: copied, or deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access import Actor, Right, current_actor, requires
from app.activities import forms, repair
from app.activities.catalogue import create_activity, get_activity, list_activities
from app.activities.choices import Choices, choices_of
from app.activities.copying import copy_files, readings, take_over_bank, take_over_files
from app.activities.destinations import ROOMS
from app.activities.forms import Form, OfferRefused
from app.activities.offers import POLICIES
from app.activities.origins import Origin, came_before, origin_of
from app.activities.zones import set_time_zone
from app.concepts.catalogue import ConceptRefused
from app.errors import NotFound
from app.extensions import transaction
from models import Activity, ResourceLink

blueprint = Blueprint("repair", __name__)

KINDS = ("practice", "tutor", "material")


@dataclass(frozen=True)
class Broken:
    """A link that leads nowhere, and what can be done about it."""

    link: ResourceLink
    origin: Origin | None
    came_before: bool
    """Not copied: the course came by another registration or deployment when it was made."""
    choices: Choices
    activities: list[Activity]
    takes_grade: bool


@blueprint.get("/")
@requires(Right.LEARN, Right.TEACH)
def index() -> Response | str:
    """What to do; for those who cannot do it, who can."""
    actor = current_actor()
    with transaction() as session:
        bound = _bound(session, actor)
        if bound is not None:
            return _go(session, actor, bound)
        if not actor.may(Right.MANAGE) or actor.resource_link_id is None:
            return _lost(session, actor)
        broken = _broken(session, actor)
    return _page(broken, forms.start(broken.choices, broken.link.title))


@blueprint.post("/take-over")
@requires(Right.MANAGE)
def take_over() -> Response | tuple[str, int]:
    """Bring the old course's settings along: of this link, or of all its links."""
    actor, takes_all = current_actor(), request.form.get("which") == "all"
    with transaction() as session:
        if (bound := _bound(session, actor)) is not None:  # pressed twice, or in two windows
            return _go(session, actor, bound)
        origin = _origin(session, actor)
        here = origin.course.course_id
        old = list_activities(session, here) if takes_all else [origin.activity]
        wanted = readings(session, here, old)
    files = copy_files(wanted, actor.course, actor.user_id)
    with transaction() as session:
        if (bound := _bound(session, actor)) is not None:  # while the files were copied
            return _go(session, actor, bound)
        origin = _origin(session, actor)
        link = repair.link_of(session, actor.course, actor.resource_link_id)
        activity = repair.take_over_link(session, actor.course, actor.user_id, link, origin, files)
        if activity is not None:
            if takes_all:
                repair.take_over_all(session, actor.course, actor.user_id, here, files)
            if "bank" in request.form:
                take_over_bank(session, actor.course, actor.user_id, here)
            if "files" in request.form:
                take_over_files(session, actor.course, actor.user_id, here)
            repair.enter(session, actor.session_id, activity)
            what = "taken-over-files" if "files" in request.form else "taken-over"
            return redirect(url_for("activities.settings.index", saved=what), 303)
        broken = _broken(session, actor)
    sentence = "The old course's file or concepts are gone, so this link cannot be taken over."
    return _page(broken, forms.start(broken.choices), {"take_over": sentence}), 422


@blueprint.post("/choose")
@requires(Right.MANAGE)
def choose() -> Response:
    """Let the link stand for one of this course's activities."""
    actor = current_actor()
    with transaction() as session:
        activity = get_activity(session, actor.course, _id(request.form.get("activity")))
        link = repair.link_of(session, actor.course, actor.resource_link_id)
        repair.bind(session, actor.user_id, link, activity)
        return _go(session, actor, activity)


@blueprint.post("/anew")
@requires(Right.MANAGE)
def set_up() -> Response | tuple[str, int]:
    """Set the link up anew, as in the picker."""
    actor, form = current_actor(), Form(request.form)
    with transaction() as session:
        broken = _broken(session, actor)
    try:
        offer = forms.read(form, broken.choices, takes_grade=broken.takes_grade)
        with transaction() as session:
            link = repair.link_of(session, actor.course, actor.resource_link_id)
            activity = create_activity(session, actor.course, actor.user_id, offer)
            zone = forms.zone_in(form, broken.choices)
            set_time_zone(session, actor.course, actor.user_id, zone)
            repair.bind(session, actor.user_id, link, activity)
            return _go(session, actor, activity)
    except OfferRefused as refused:
        return _page(broken, form, refused.errors), 422
    except ConceptRefused as refused:
        return _page(broken, form, {"new_concept": refused.sentence}), 422


def _lost(session: Session, actor: Actor) -> str:
    """For who cannot repair it."""
    is_known = False
    if actor.resource_link_id is not None:
        link = repair.link_of(session, actor.course, actor.resource_link_id)
        is_known = came_before(session, link)
    return render_template(
        "activities/lost.html", teaches=actor.may(Right.TEACH), came_before=is_known
    )


def _broken(session: Session, actor: Actor) -> Broken:
    link = repair.link_of(session, actor.course, actor.resource_link_id)
    return Broken(
        link=link,
        origin=origin_of(session, link, actor.user_id),
        came_before=came_before(session, link),
        choices=choices_of(session, actor.course),
        activities=list_activities(session, actor.course),
        takes_grade=repair.has_column(session, link),
    )


def _bound(session: Session, actor: Actor) -> Activity | None:
    """The activity that the link has by now, if somebody has repaired it."""
    if actor.resource_link_id is None:
        return None
    link = repair.link_of(session, actor.course, actor.resource_link_id)
    return get_activity(session, actor.course, link.activity_id) if link.activity_id else None


def _origin(session: Session, actor: Actor) -> Origin:
    link = repair.link_of(session, actor.course, actor.resource_link_id)
    origin = origin_of(session, link, actor.user_id)
    if origin is None:
        raise NotFound(reason="the link comes from no course that this teacher may know")
    return origin


def _go(session: Session, actor: Actor, activity: Activity) -> Response:
    repair.enter(session, actor.session_id, activity)
    return redirect(url_for(ROOMS[activity.kind]), 303)


def _page(broken: Broken, form: Form, errors: Mapping[str, str] | None = None) -> str:
    context: dict[str, Any] = {
        "broken": broken,
        "choices": broken.choices,
        "takes_grade": broken.takes_grade,
        "form": form,
        "errors": errors or {},
        "policies": POLICIES,
        "kinds": KINDS,
        "locked": False,
        "opens_windows": False,
        "title_label": "Title",
        "title_help": "For the pages of CourseLLM; your course page keeps its own.",
    }
    return render_template("activities/repair.html", **context)


def _id(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError as error:
        raise NotFound(reason="no id of an activity") from error
