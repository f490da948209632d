"""The teachers' page of people: who is in the course, and having the list read again."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import audit
from app.access import Right, current_actor, guard
from app.clock import zone_of
from app.errors import NotFound
from app.extensions import transaction
from app.pages import page_of
from app.roster import listing, sync
from app.session import display_name
from models import Course, now

blueprint = Blueprint("roster", __name__)
guard(blueprint, Right.TEACH)


@blueprint.get("/")
def index() -> str:
    """Everybody of the course, staff first, and how fresh the list is."""
    actor, moment = current_actor(), now()
    with transaction() as session:
        zone = zone_of(session.get_one(Course, actor.course).time_zone)
        people = listing.people(session, actor.course, display_name, zone, moment)
        reading = listing.reading(listing.find_context(session, actor.course), zone, moment)
    return render_template(
        "roster/index.html",
        people=people,
        present=page_of(len(people.present), request.args.get("page", type=int)),
        gone=page_of(len(people.gone), request.args.get("gone", type=int)),
        is_gone_open="gone" in request.args,
        reading=reading,
        asked=request.args.get("asked", ""),
    )


@blueprint.post("/read")
def read_again() -> Response:
    """Have the LMS asked for its list now."""
    actor = current_actor()
    with transaction() as session:
        context = listing.find_context(session, actor.course)
        if context is None:
            raise NotFound(reason=f"course {actor.course} has no context")
        is_asked = sync.ask_again(session, context)
        if is_asked:
            audit.record(
                session, actor.user_id, actor.course, "roster.asked", str(context.context_id)
            )
    return redirect(url_for(".index", asked=None if is_asked else "early"), 303)
