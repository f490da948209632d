"""The tutor's door: the conversation's page, questions, written answers, the teacher's switch."""

from collections.abc import Generator
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from app.access import Actor, Right, current_actor, guard, requires
from app.extensions import transaction
from app.llm.profiles import Tier, chat_profile
from app.tutor import asking, conversations, policy, writing
from app.tutor.asking import Asker, QuestionRefused
from app.tutor.evidence.card import Place
from app.tutor.shown import scope, show_all
from app.tutor.streaming import Pages, retry_events, turn_events
from app.tutor.turns import latest_turns

blueprint = Blueprint("tutor", __name__)
guard(blueprint, Right.LEARN, Right.TEACH)

LONGEST_QUOTE = 1500
"""Bytes of an address that a quotation may take; servers refuse addresses beyond 4 KB."""
STUDENTS_NOTE = (
    "Your questions are kept with this course. Teachers have no page that shows them; "
    "whoever runs this installation can read them."
)
TEACHERS_NOTE = "Your questions are kept with this course. Only you see them here."


@blueprint.context_processor
def _addresses() -> dict[str, Any]:
    return {"place_url": place_url}


def place_url(place: Place, quote: str = "") -> str:
    """The source at that place, with the sentence marked."""
    return url_for(
        "materials.source",
        material_id=place.material_id,
        page=place.page,
        chunk=place.chunk_id or None,
        quote=_short(quote) or None,
    )


def _short(quote: str) -> str:
    """The quotation, or as much of its beginning as an address has room for."""
    while len(quote_plus(quote)) > LONGEST_QUOTE:
        quote = quote[: len(quote) * 3 // 4]
    return quote


PAGES = Pages(render_template, place_url)


@blueprint.get("/")
def index() -> str:
    """The conversation; `about` stands in the box, to be asked or written anew."""
    return _page(draft=request.args.get("about", ""))


@blueprint.post("/ask")
def ask() -> AnyResponse:
    """Take a question. A script gets a stream, a plain form the page with the card."""
    asker, text = _asker(current_actor()), request.form.get("question", "")
    if _wants_stream():
        return _stream(turn_events(PAGES, asker, asking.ask(asker, text)))
    try:
        asked = asking.ask(asker, text)
    except QuestionRefused as refusal:
        return Response(_page(refused=refusal.sentence, draft=text), 422)
    return redirect(url_for(".index", _anchor=f"q-{asked.question_id}"), 303)


@blueprint.post("/turns/<uuid:question_id>/answer")
def answer(question_id: UUID) -> AnyResponse:
    """Write the answer to a question that is kept: the first try or another one."""
    asker = _asker(current_actor())
    steps = writing.write(asker, question_id)
    first = next(steps)  # a refusal is answered as one, not as a stream
    if _wants_stream():
        return _stream(retry_events(PAGES, asker, question_id, first, steps))
    for _ in steps:
        pass
    return redirect(url_for(".index", _anchor=f"answer-{question_id}"), 303)


@blueprint.post("/turns/<uuid:question_id>/stop")
def stop(question_id: UUID) -> AnyResponse:
    """The one who reads has had enough."""
    with transaction() as session:
        writing.ask_to_stop(session, _asker(current_actor()), question_id)
    return Response(status=204)


@blueprint.post("/new")
def new() -> AnyResponse:
    """End the conversation; the next question begins another."""
    actor = current_actor()
    with transaction() as session:
        conversations.end_current(session, actor.user_id, actor.course)
    return redirect(url_for(".index"), 303)


@blueprint.post("/policy")
@requires(Right.MANAGE)
def change_policy() -> AnyResponse:
    """The teacher lets the small trial model write, or no longer."""
    actor = current_actor()
    allowed = request.form.get("small_model") == "1"
    with transaction() as session:
        policy.allow_small_model(session, actor.user_id, actor.course, allowed)
    return redirect(url_for(".index"), 303)


def _asker(actor: Actor) -> Asker:
    see_hidden = actor.may(Right.TEACH)
    return Asker(actor.user_id, actor.course, see_hidden, actor.activity_id)


def _wants_stream() -> bool:
    return request.accept_mimetypes.best == "text/event-stream"


def _stream(events: Generator[str, None, None]) -> Response:
    return Response(
        stream_with_context(events),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _page(refused: str = "", draft: str = "") -> str:
    actor = current_actor()
    asker, profile = _asker(actor), chat_profile()
    with transaction() as session:
        conversation = conversations.current(session, asker.user_id, asker.course_id)
        turns = latest_turns(session, conversation.conversation_id) if conversation else []
        shown = show_all(session, asker, turns, place_url)
        about = scope(session, asker, with_topics=not turns)
        is_allowed = policy.small_model_allowed(session, asker.course_id)
        instruction = policy.instruction_of(session, asker.course_id, asker.activity_id)
    may_write = profile.tier is Tier.CAPABLE or (profile.tier is Tier.TINY and is_allowed)
    return render_template(
        "tutor/index.html",
        earlier=shown[:-1],
        turn=shown[-1] if shown else None,
        scope=about,
        instruction=instruction,
        profile=profile,
        small_model_allowed=is_allowed,
        may_write=may_write,
        may_teach=actor.may(Right.TEACH),
        may_manage=actor.may(Right.MANAGE),
        readers_note=TEACHERS_NOTE if actor.may(Right.TEACH) else STUDENTS_NOTE,
        refused=refused,
        draft=draft,
    )
