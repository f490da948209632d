"""The door of activities: the picker, the way to a material, pages that say what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import config
from app.access import Actor, Right, current_actor, requires
from app.activities import copied_views, forms, placing, repair_views, settings_views
from app.activities.catalogue import is_answered
from app.activities.choices import Choices, choices_of, may_read, opens_later
from app.activities.forms import Form, OfferRefused
from app.activities.offers import POLICIES, Offer, is_ours
from app.activities.placing import Author, Errand
from app.activities.zones import set_time_zone
from app.concepts.catalogue import ConceptRefused
from app.extensions import transaction
from app.gradebook.columns import find_activity
from app.gradebook.windows import Phase
from lti_config.deep_linking import Response as Answer
from models import Activity, ActivityKind, CourseRole, now

blueprint = Blueprint("activities", __name__)
blueprint.register_blueprint(copied_views.blueprint, url_prefix="/copied")
blueprint.register_blueprint(repair_views.blueprint, url_prefix="/lost")
blueprint.register_blueprint(settings_views.blueprint, url_prefix="/links")

MOST_LINKS = 20


@dataclass(frozen=True)
class Picking:
    """A visit to the picker. `editing` is the activity of the link that is being set up again."""

    errand: Errand
    choices: Choices
    editing: Activity | None
    is_answered: bool

    @property
    def takes_grade(self) -> bool:
        """A link that has a column keeps it, wherever it is set up again."""
        has_column = self.editing is not None and self.editing.points is not None
        return self.errand.request.accepts_line_item or has_column

    def form(self) -> Form:
        """What the form holds at first: what the LMS's own form says already is kept."""
        asked, zone = self.errand.request, self.choices.zone
        if self.editing is not None:
            form = forms.as_form(self.editing, zone)
        else:
            form = forms.start(self.choices, asked.title)
        form["text"] = "" if is_ours(asked.text) else forms.fitting(asked.text)
        return form

    def offer(self, form: Form) -> Offer:
        """Raises OfferRefused."""
        if self.editing is not None and self.is_answered:
            form = forms.locked(form, self.editing, self.choices.zone)
        return forms.read(form, self.choices, takes_grade=self.takes_grade)


@blueprint.get("/new")
@requires(Right.MANAGE)
def picker() -> str:
    """What should the link open? Asked by the LMS, in its own dialog."""
    with transaction() as session:
        picking = _picking(session, current_actor())
    return _picker_page(picking, picking.form())


@blueprint.post("/new")
@requires(Right.MANAGE)
def choose() -> str | tuple[str, int]:
    """Put a link on the list, or go back to the course with what was chosen."""
    with transaction() as session:
        picking = _picking(session, current_actor())
    form, items = Form(request.form), request.form.getlist("item")[:MOST_LINKS]
    if form.get("act") == "list" and picking.errand.request.accepts_multiple:
        return _put_on_list(picking, form, items)
    chosen = [forms.brought_back(item) for item in items] or [form]
    try:
        offers = [picking.offer(one) for one in chosen]
        answer = _place(picking, offers, chosen)
    except OfferRefused as refused:
        errors = _of_the_list() if items else refused.errors
        return _picker_page(picking, form, items, errors), 422
    except ConceptRefused as refused:
        errors = _of_the_list() if items else {"new_concept": refused.sentence}
        return _picker_page(picking, form, items, errors), 422
    return _return_page(answer, _going([offer.title for offer in offers]))


@blueprint.post("/new/preview")
@requires(Right.MANAGE)
def preview() -> str:
    """What students will read, for what the form holds at the moment."""
    with transaction() as session:
        picking = _picking(session, current_actor())
    return render_template("activities/_preview.html", **_previewed(picking, Form(request.form)))


@blueprint.post("/new/cancel")
@requires(Right.MANAGE)
def cancel() -> str:
    """Back to the course page with nothing."""
    with transaction() as session:
        errand = placing.errand_of(session, current_actor().session_id)
        keys = config.current().secret_keys
        answer = placing.answer(session, errand, keys, [], "No link was added.")
    return _return_page(answer, "No link was added.")


@blueprint.get("/reading")
@requires(Right.LEARN, Right.TEACH)
def reading() -> Response | tuple[str, int]:
    """To the page of the material that the link stands for."""
    actor = current_actor()
    with transaction() as session:
        activity = find_activity(session, actor.course, actor.activity_id)
        if activity is None or activity.kind is not ActivityKind.MATERIAL:
            return redirect(url_for("tutor.index"), 303)
        if not may_read(session, activity, see_hidden=actor.may(Right.TEACH)):
            opens = opens_later(session, activity)
            return render_template(
                "activities/unreleased.html", title=activity.title, opens=opens
            ), 200
    address = url_for("materials.source", material_id=activity.material_id, page=activity.page)
    return redirect(address, 303)


@blueprint.get("/missing")
def missing() -> str:
    """What is missing for this person to come in; calm, and with what to do."""
    actor = current_actor()
    if actor.course_id is None:
        what = "course"
    elif actor.role in {CourseRole.ADMINISTRATOR, CourseRole.OBSERVER}:
        what = actor.role.value
    else:
        what = "role"
    return render_template("activities/missing.html", what=what)


@blueprint.get("/kept")
def kept() -> str:
    """What is kept of people and whom to ask, as an LMS's data privacy launch wants to know."""
    current_actor()
    return render_template("activities/kept.html")


def _picking(session: Session, actor: Actor) -> Picking:
    errand = placing.errand_of(session, actor.session_id)
    editing = find_activity(session, actor.course, actor.activity_id)
    if editing is not None:
        session.refresh(editing, ["concepts"])
    return Picking(
        errand=errand,
        choices=choices_of(session, actor.course, editing),
        editing=editing,
        is_answered=editing is not None and is_answered(session, editing),
    )


def _put_on_list(picking: Picking, form: Form, items: list[str]) -> str | tuple[str, int]:
    try:
        offer = picking.offer(form)
    except OfferRefused as refused:
        return _picker_page(picking, form, items, refused.errors), 422
    if len(items) == MOST_LINKS:
        errors = {"item": f"At most {MOST_LINKS} links can be added at once."}
        return _picker_page(picking, form, items, errors), 422
    fresh = forms.start(picking.choices)
    fresh["kind"] = offer.kind.value
    return _picker_page(picking, fresh, [*items, forms.kept(form)], put=offer.title)


def _place(picking: Picking, offers: Sequence[Offer], chosen: Sequence[Form]) -> Answer:
    actor, settings = current_actor(), config.current()
    author = Author(actor.user_id, actor.course, settings.url, settings.secret_keys)
    with transaction() as session:
        set_time_zone(session, author.course_id, author.user_id, _zone(picking, offers, chosen))
        editing = find_activity(session, actor.course, actor.activity_id)
        if editing is not None and len(offers) == 1:
            return placing.place_again(session, picking.errand, author, editing, offers[0])
        return placing.place(session, picking.errand, author, offers)


def _zone(picking: Picking, offers: Sequence[Offer], chosen: Sequence[Form]) -> str:
    """The time zone in which the latest of the links says its dates."""
    zones = [
        forms.zone_in(form, picking.choices)
        for offer, form in zip(offers, chosen, strict=True)
        if offer.kind is ActivityKind.PRACTICE
    ]
    return zones[-1] if zones else picking.choices.zone


def _previewed(picking: Picking, form: Form) -> dict[str, Any]:
    """What can be said of the form as it stands; nothing while it has faults."""
    try:
        offer = picking.offer(form)
    except OfferRefused:
        return {"offer": None}
    reading = picking.choices.materials[offer.material_id] if offer.material_id else None
    return {
        "offer": offer,
        "opens": reading and reading.opens,
        "count": picking.choices.questions_on(offer.concept_ids),
        "is_over": offer.window.phase(now()) is Phase.CLOSED,
    }


def _picker_page(
    picking: Picking,
    form: Form,
    items: Sequence[str] = (),
    errors: Mapping[str, str] | None = None,
    put: str = "",
) -> str:
    return render_template(
        "activities/picker.html",
        **_previewed(picking, form),
        picking=picking,
        choices=picking.choices,
        takes_grade=picking.takes_grade,
        policies=POLICIES,
        locked=picking.is_answered,
        form=form,
        items=[(item, _title(picking, item)) for item in items],
        errors=errors or {},
        put=put,
    )


def _title(picking: Picking, item: str) -> str:
    try:
        return picking.offer(forms.brought_back(item)).title
    except OfferRefused:
        return "A link that can no longer be added"


def _of_the_list() -> dict[str, str]:
    return {"item": "One of these cannot be added any more. Take it off the list."}


def _going(titles: Sequence[str]) -> str:
    if len(titles) == 1:
        return f"“{titles[0]}” goes to your course page."
    return f"{len(titles)} links go to your course page."


def _return_page(answer: Answer, sentence: str) -> str:
    return render_template(
        "activities/return.html",
        return_url=answer.return_url,
        jwt=answer.jwt,
        sentence=sentence,
    )
