"""The door of a learner's work: teachers look at a student's, learners at their own."""

from uuid import UUID

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from app.access import Actor, Right, current_actor, guard
from app.clock import zone_of
from app.errors import NotFound
from app.extensions import transaction
from app.gradebook.columns import find_activity
from app.gradebook.receipts import receipt_of
from app.review.work import candidates, get_learner, work_of
from app.session import display_name
from models import Activity, ActivityKind, Course, CourseRole, now

blueprint = Blueprint("review", __name__)
guard(blueprint, Right.TEACH, Right.LEARN)


@blueprint.get("/")
def index() -> str:
    """The work that this session was opened for; a teacher may ask for another student's."""
    actor = current_actor()
    with transaction() as session:
        activity = find_activity(session, actor.course, _activity_id(actor))
        if activity is None or activity.kind is not ActivityKind.PRACTICE:
            return render_template("review/nothing.html")
        learner_id = _learner_id(actor)
        if learner_id is None:
            found = candidates(session, actor.course, activity.activity_id, display_name)
            return render_template("review/choose.html", activity=activity, candidates=found)
        return _work_page(session, actor, activity, learner_id)


def _work_page(session: Session, actor: Actor, activity: Activity, learner_id: UUID) -> str:
    learner, member = get_learner(session, actor.course, learner_id)
    zone, moment = zone_of(session.get_one(Course, actor.course).time_zone), now()
    receipt = receipt_of(
        session,
        user_id=learner_id,
        course_id=actor.course,
        activity_id=activity.activity_id,
        resource_link_id=actor.resource_link_id,
        is_preview=member.role is CourseRole.TEST_STUDENT,
        zone=zone,
        moment=moment,
    )
    return render_template(
        "review/work.html",
        activity=activity,
        name=display_name(learner, member),
        is_own=learner_id == actor.user_id,
        receipt=receipt,
        work=work_of(session, activity, learner_id, zone, moment),
    )


def _learner_id(actor: Actor) -> UUID | None:
    """Teachers choose; for learners there is but themselves."""
    if not actor.may(Right.TEACH):
        return actor.user_id
    return _asked("student") or (None if "activity" in request.args else actor.reviewed_user_id)


def _activity_id(actor: Actor) -> UUID | None:
    asked = _asked("activity") if actor.may(Right.TEACH) else None
    return asked or actor.activity_id


def _asked(name: str) -> UUID | None:
    """An id in the address. Raises NotFound for what is none."""
    value = request.args.get(name)
    try:
        return UUID(value) if value else None
    except ValueError as error:
        raise NotFound(reason=f"{name} is no id: {value!r}") from error
