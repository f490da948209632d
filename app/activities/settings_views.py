"""The teachers' door to what links stand for: all of them, and the settings of each."""

from collections.abc import Mapping
from datetime import tzinfo
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access import Right, current_actor, guard, requires
from app.activities import forms
from app.activities.catalogue import change_activity, get_activity, is_answered, list_activities
from app.activities.choices import choices_of
from app.activities.forms import Form, OfferRefused
from app.activities.offers import POLICIES
from app.activities.origins import offered
from app.activities.zones import set_time_zone
from app.clock import zone_of
from app.concepts.catalogue import ConceptRefused
from app.extensions import transaction
from app.gradebook.windows import for_teachers, window_of
from models import Activity, Course, now

blueprint = Blueprint("settings", __name__)
guard(blueprint, Right.TEACH)


@blueprint.get("/")
def index() -> str:
    """Everything that links of this course stand for."""
    actor = current_actor()
    with transaction() as session:
        activities = list_activities(session, actor.course)
        zone = zone_of(session.get_one(Course, actor.course).time_zone)
        source = offered(session, actor.session_id) if actor.may(Right.MANAGE) else None
    return render_template(
        "activities/index.html",
        source=source,
        activities=[(one, _dates(one, zone)) for one in activities],
        may_change=actor.may(Right.MANAGE),
        saved=request.args.get("saved", ""),
    )


@blueprint.get("/<uuid:activity_id>")
@requires(Right.MANAGE)
def edit(activity_id: UUID) -> str:
    """The settings of one of them."""
    with transaction() as session:
        activity = get_activity(session, current_actor().course, activity_id)
        zone = session.get_one(Course, activity.course_id).time_zone
        return _page(session, activity, forms.as_form(activity, zone), {})


@blueprint.post("/<uuid:activity_id>")
@requires(Right.MANAGE)
def change(activity_id: UUID) -> Response | tuple[str, int]:
    """Save them. What counts stays as it is once students have answered."""
    actor, form = current_actor(), Form(request.form)
    try:
        with transaction() as session:
            activity = get_activity(session, actor.course, activity_id)
            choices = choices_of(session, actor.course, activity)
            form["kind"] = activity.kind.value
            if is_answered(session, activity):
                form = forms.locked(form, activity, choices.zone)
            offer = forms.read(form, choices, takes_grade=activity.points is not None)
            change_activity(session, activity, actor.user_id, offer)
            zone = forms.zone_in(form, choices)
            set_time_zone(session, actor.course, actor.user_id, zone)
    except OfferRefused as refused:
        return _refused(activity_id, form, refused.errors), 422
    except ConceptRefused as refused:
        return _refused(activity_id, form, {"new_concept": refused.sentence}), 422
    return redirect(url_for(".index", saved=activity_id), 303)


def _refused(activity_id: UUID, form: Form, errors: Mapping[str, str]) -> str:
    with transaction() as session:
        activity = get_activity(session, current_actor().course, activity_id)
        return _page(session, activity, form, errors)


def _dates(activity: Activity, zone: tzinfo) -> str:
    return for_teachers(window_of(activity), zone, now())


def _page(session: Session, activity: Activity, form: Form, errors: Mapping[str, str]) -> str:
    return render_template(
        "activities/settings.html",
        activity=activity,
        form=form,
        errors=errors,
        choices=choices_of(session, activity.course_id, activity),
        kinds=[activity.kind.value],
        locked=is_answered(session, activity),
        takes_grade=activity.points is not None,
        policies=POLICIES,
        opens_windows=False,
        title_label="Title",
        title_help="For the pages of CourseLLM; your course page keeps its own.",
    )
