"""The door of activities: the picker, and pages that say what is missing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from app import config
from app.access import Actor, Right, current_actor, requires
from app.activities import placing
from app.activities.offers import NEW_CONCEPT, START, Offer, OfferRefused, read
from app.activities.placing import Errand
from app.concepts.catalogue import ConceptRefused, list_concepts
from app.extensions import transaction
from app.practice.questions import counts_in_use
from lti_config.deep_linking import Response as Answer
from models import CourseRole

blueprint = Blueprint("activities", __name__)


@blueprint.get("/new")
@requires(Right.MANAGE)
def picker() -> str:
    """What should the link open? Asked by the LMS, in its own dialog."""
    with transaction() as session:
        context = _context(session, current_actor())
        title = context["errand"].request.title
    in_use = context["counts"].get(context["first"], 0)
    count = str(min(in_use, int(START["count"])) or START["count"])
    form = {**START, "concept": str(context["first"]), "count": count, "title": title}
    return _picker_page(context, form, {})


@blueprint.post("/new")
@requires(Right.MANAGE)
def place() -> str | tuple[str, int]:
    """Make the link and send the teacher back with it."""
    actor, settings = current_actor(), config.current()
    with transaction() as session:
        context = _context(session, actor)
    try:
        offer = _offer(context, request.form)
        with transaction() as session:
            answer = placing.place(
                session,
                context["errand"],
                offer,
                course_id=actor.course,
                created_by=actor.user_id,
                launch_url=f"{settings.url}/lti/launch",
                secret_keys=settings.secret_keys,
            )
    except OfferRefused as refused:
        return _picker_page(context, request.form, refused.errors), 422
    except ConceptRefused as refused:
        return _picker_page(context, request.form, {"new_concept": refused.sentence}), 422
    return _return_page(answer, f"“{offer.title}” goes to your course page.")


@blueprint.post("/new/preview")
@requires(Right.MANAGE)
def preview() -> str:
    """What students will read, for what the form holds at the moment."""
    with transaction() as session:
        context = _context(session, current_actor())
    return render_template("activities/_preview.html", **_previewed(context, request.form))


@blueprint.post("/new/cancel")
@requires(Right.MANAGE)
def cancel() -> str:
    """Back to the course page with nothing."""
    with transaction() as session:
        errand = placing.errand_of(session, current_actor().session_id)
        keys = config.current().secret_keys
        answer = placing.answer(session, errand, keys, [], "No link was added.")
    return _return_page(answer, "No link was added.")


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


@blueprint.get("/lost")
@requires(Right.LEARN, Right.TEACH)
def lost() -> str:
    """The link names an activity that this course does not have."""
    return render_template("activities/lost.html", teaches=current_actor().may(Right.TEACH))


def _context(session: Session, actor: Actor) -> dict[str, Any]:
    """What the picker offers: the course's concepts with the questions that each has in use."""
    concepts = list_concepts(session, actor.course)
    counts = counts_in_use(session, actor.course)
    by_use = sorted(concepts, key=lambda concept: not counts.get(concept.concept_id))
    return {
        "errand": placing.errand_of(session, actor.session_id),
        "concepts": {concept.concept_id: concept.name for concept in concepts},
        "counts": counts,
        "first": by_use[0].concept_id if by_use else NEW_CONCEPT,
    }


def _offer(context: Mapping[str, Any], form: Mapping[str, str]) -> Offer:
    errand: Errand = context["errand"]
    concepts: Mapping[UUID, str] = context["concepts"]
    return read(form, concepts, takes_grade=errand.request.accepts_line_item)


def _previewed(context: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What can be said of the form as it stands; nothing while it has faults."""
    try:
        offer = _offer(context, form)
    except OfferRefused:
        return {"offer": None}
    counts: Mapping[UUID, int] = context["counts"]
    return {"offer": offer, "count": counts.get(offer.concept_id, 0) if offer.concept_id else 0}


def _picker_page(
    context: Mapping[str, Any], form: Mapping[str, str], errors: Mapping[str, str]
) -> str:
    return render_template(
        "activities/picker.html",
        **context,
        **_previewed(context, form),
        form=form,
        errors=errors,
        new_concept=NEW_CONCEPT,
    )


def _return_page(answer: Answer, sentence: str) -> str:
    return render_template(
        "activities/return.html",
        return_url=answer.return_url,
        jwt=answer.jwt,
        sentence=sentence,
    )
