"""The students' door of practice: choosing a concept, answering, feedback."""

import secrets
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access import Actor, Right, current_actor, guard, requires
from app.clock import said, zone_of
from app.concepts.catalogue import get_concept, list_concepts
from app.errors import NotFound
from app.extensions import transaction
from app.gradebook.receipts import Receipt, receipt_of
from app.gradebook.windows import Phase, in_words, window_of
from app.practice import bank_views
from app.practice.answering import Learner, Submission, answer
from app.practice.choices import in_own_order
from app.practice.choosing import Chosen, next_question, number_of_next
from app.practice.feedback import feedback_on, get_answered, number_of
from app.practice.grading import AnswerRefused
from app.practice.prose import first_line, inline, prose
from app.practice.questions import counts_in_use, get_question
from app.practice.scope import Scope, scope_around, scope_of, set_of
from app.practice.standing import Standing, shown_by_concept, standing_on
from models import Activity, Concept, Course, now

blueprint = Blueprint("practice", __name__)
guard(blueprint, Right.LEARN, Right.TEACH)
blueprint.register_blueprint(bank_views.blueprint, url_prefix="/bank")
blueprint.add_app_template_filter(prose)
blueprint.add_app_template_filter(inline)
blueprint.add_app_template_filter(first_line)


@dataclass(frozen=True)
class Around:
    """What stands around a question: its concept, where the learner stands, the grade so far."""

    scope: Scope
    concept: Concept
    standing: Standing
    receipt: Receipt | None
    dates: str
    """When the activity is open, in words."""
    counts_now: bool
    """Whether an answer counts for a grade at this moment."""


@blueprint.get("/")
def index() -> Response | str:
    """The next question of the concept that is asked for, or of the activity; else the choice."""
    actor = current_actor()
    if actor.may(Right.TEACH):
        return _to_bank(actor)
    with transaction() as session:
        scope = scope_of(session, actor.course, actor.activity_id, _asked_for())
        if scope is None:
            return _concepts(session, actor)
        if scope.activity and not scope.asked_for and not _is_open(scope.activity):
            return _not_open(session, actor, scope, scope.activity)
        chosen = next_question(session, actor.user_id, actor.course, scope.ids, now())
        concept_id = chosen.question.concept_id if chosen else scope.ids[0]
        around = _around(session, actor, scope, get_concept(session, actor.course, concept_id))
    return _question_page(actor, around, chosen)


@blueprint.get("/concepts")
@requires(Right.LEARN)
def concepts() -> str:
    """All concepts with questions, and where the learner stands on each."""
    with transaction() as session:
        return _concepts(session, current_actor())


@blueprint.post("/answer")
@requires(Right.LEARN)
def give() -> Response | tuple[str, int]:
    """An answer; then to its feedback. The same form again leads to the same feedback."""
    actor = current_actor()
    submission = Submission(
        question_id=_id(request.form.get("question")),
        answer=request.form.get("answer"),
        key=request.form.get("key", ""),
        seconds=_seconds_since(request.form.get("shown_at")),
    )
    try:
        with transaction() as session:
            attempt = answer(session, _learner(actor), submission)
    except AnswerRefused as refusal:
        return _refused(actor, submission, refusal), 422
    address = url_for(".attempt", attempt_id=attempt.attempt_id, concept=_asked_for())
    return redirect(address, 303)


@blueprint.get("/attempts/<uuid:attempt_id>")
@requires(Right.LEARN)
def attempt(attempt_id: UUID) -> str:
    """The feedback on one answer of one's own."""
    actor = current_actor()
    with transaction() as session:
        answered = get_answered(session, actor.course, actor.user_id, attempt_id)
        scope = _scope_around(session, actor, answered.concept)
        around = _around(session, actor, scope, answered.concept)
        number = number_of(session, answered.attempt, scope.ids)
        zone = zone_of(session.get_one(Course, actor.course).time_zone)
    activity = scope.activity
    return render_template(
        "practice/feedback.html",
        around=around,
        is_outside=activity is not None
        and not window_of(activity).holds(answered.attempt.attempted_at),
        answered=answered,
        number=number,
        feedback=feedback_on(answered),
        answered_at=said(answered.attempt.attempted_at, zone, now()),
    )


@blueprint.get("/receipt")
@requires(Right.LEARN)
def receipt() -> str:
    """The grade receipt alone, while the score is on its way."""
    actor = current_actor()
    with transaction() as session:
        return render_template("practice/_receipt.html", receipt=_receipt(session, actor))


def _to_bank(actor: Actor) -> Response:
    with transaction() as session:
        _, own = set_of(session, actor.course, actor.activity_id)
    if len(own) == 1:
        return redirect(url_for(".bank.concept", concept_id=own[0].concept_id), 303)
    return redirect(url_for(".bank.index"), 303)


def _asked_for() -> UUID | None:
    """The one concept to stay with, by address or form."""
    asked = request.values.get("concept")
    return _id(asked) if asked else None


def _scope_around(session: Session, actor: Actor, concept: Concept) -> Scope:
    return scope_around(session, actor.course, actor.activity_id, concept, _asked_for())


def _concepts(session: Session, actor: Actor) -> str:
    counts = counts_in_use(session, actor.course)
    shown = shown_by_concept(session, actor.user_id, actor.course)
    listed = [c for c in list_concepts(session, actor.course) if counts.get(c.concept_id)]
    return render_template("practice/concepts.html", concepts=listed, counts=counts, shown=shown)


def _around(session: Session, actor: Actor, scope: Scope, concept: Concept) -> Around:
    receipt = _receipt(session, actor) if scope.activity else None
    return Around(
        scope=scope,
        concept=concept,
        standing=standing_on(session, actor.user_id, actor.course, concept.concept_id),
        receipt=receipt,
        dates=_dates(session, actor, scope.activity),
        counts_now=receipt is not None and scope.activity is not None and _is_open(scope.activity),
    )


def _is_open(activity: Activity) -> bool:
    return window_of(activity).holds(now())


def _dates(session: Session, actor: Actor, activity: Activity | None) -> str:
    zone = zone_of(session.get_one(Course, actor.course).time_zone)
    return in_words(window_of(activity), zone, now()) if activity else ""


def _not_open(session: Session, actor: Actor, scope: Scope, activity: Activity) -> str:
    """The activity has not begun yet or is over: a calm page, with the score it came to."""
    return render_template(
        "practice/not_open.html",
        scope=scope,
        is_over=window_of(activity).phase(now()) is Phase.CLOSED,
        dates=_dates(session, actor, activity),
        receipt=_receipt(session, actor),
        zone=session.get_one(Course, actor.course).time_zone,
    )


def _receipt(session: Session, actor: Actor) -> Receipt | None:
    return receipt_of(
        session,
        user_id=actor.user_id,
        course_id=actor.course,
        activity_id=actor.activity_id,
        resource_link_id=actor.resource_link_id,
        is_preview=actor.is_preview,
        zone=zone_of(session.get_one(Course, actor.course).time_zone),
        moment=now(),
    )


def _question_page(actor: Actor, around: Around, chosen: Chosen | None, **more: Any) -> str:
    form = {
        "key": secrets.token_hex(16),
        "shown_at": str(int(time.time())),
        "options": in_own_order(chosen.question, actor.user_id) if chosen else [],
    }
    return render_template(
        "practice/question.html", around=around, chosen=chosen, **{**form, **more}
    )


def _refused(actor: Actor, submission: Submission, refusal: AnswerRefused) -> str:
    """The same question once more, with what was missing beside it."""
    with transaction() as session:
        question = get_question(session, actor.course, submission.question_id)
        concept = get_concept(session, actor.course, question.concept_id)
        scope = _scope_around(session, actor, concept)
        around = _around(session, actor, scope, concept)
        number = number_of_next(session, actor.user_id, scope.ids)
    chosen = Chosen(question, "", number)
    shown_at = request.form.get("shown_at", "")
    return _question_page(actor, around, chosen, error=refusal.sentence, shown_at=shown_at)


def _learner(actor: Actor) -> Learner:
    return Learner(
        user_id=actor.user_id,
        course_id=actor.course,
        role=actor.role,
        activity_id=actor.activity_id,
        resource_link_id=actor.resource_link_id,
    )


def _seconds_since(shown_at: str | None) -> int | None:
    if not shown_at or not shown_at.isascii() or not shown_at.isdigit() or len(shown_at) > 12:
        return None
    return max(0, int(time.time()) - int(shown_at))


def _id(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError as error:
        raise NotFound(reason=f"{(text or '')[:40]!r} is no id") from error
