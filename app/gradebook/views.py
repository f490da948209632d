"""The teachers' page of scores: where each one is, and sending one again."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import audit
from app.access import Right, current_actor, guard
from app.clock import said, zone_of
from app.extensions import transaction
from app.gradebook import reading, seeking
from app.gradebook.outbox import send_again, send_refused_again
from app.gradebook.overview import overview
from app.session import display_name
from models import Course, ScoreStatus, now

blueprint = Blueprint("gradebook", __name__)
guard(blueprint, Right.TEACH)


@blueprint.get("/")
def index() -> str:
    """Every graded activity with its scores; what needs the teacher first."""
    actor = current_actor()
    with transaction() as session:
        zone = zone_of(session.get_one(Course, actor.course).time_zone)
        activities = overview(session, actor.course, display_name, zone, now())
        readings = reading.readings(session, actor.course)
        reading.ask_if_due(session, actor.course)
    attention = sum(row.needs_attention for one in activities for row in one.rows)
    return render_template(
        "gradebook/index.html",
        activities=activities,
        attention=attention,
        was_sent=request.args.get("sent", ""),
        readings=readings,
        said=lambda moment: said(moment, zone, now()),
    )


@blueprint.post("/activities/<uuid:activity_id>/column")
def make_column(activity_id: UUID) -> Response:
    """Have the activity's column made in the LMS's gradebook."""
    actor = current_actor()
    with transaction() as session:
        seeking.ask_to_make(session, actor.course, activity_id)
        audit.record(session, actor.user_id, actor.course, "column.asked", str(activity_id))
    return redirect(url_for(".index", sent="column"), 303)


@blueprint.post("/<uuid:outbox_id>/send")
def send(outbox_id: UUID) -> Response:
    """Send a score again."""
    actor, over_change = current_actor(), "over_change" in request.form
    with transaction() as session:
        row = send_again(session, actor.course, outbox_id, over_change=over_change)
        if row.status is ScoreStatus.CHANGED_IN_LMS:
            return redirect(url_for(".index", sent="changed"), 303)
        audit.record(session, actor.user_id, actor.course, "score.sent_again", str(row.outbox_id))
    return redirect(url_for(".index", sent=outbox_id), 303)


@blueprint.post("/activities/<uuid:activity_id>/send")
def send_refused(activity_id: UUID) -> Response:
    """Send all scores of an activity again that were not accepted."""
    actor = current_actor()
    with transaction() as session:
        for outbox_id in send_refused_again(session, actor.course, activity_id):
            audit.record(session, actor.user_id, actor.course, "score.sent_again", str(outbox_id))
    return redirect(url_for(".index", sent="all"), 303)
