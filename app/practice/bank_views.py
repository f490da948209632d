"""The teachers' door of practice: concepts, their questions, and trying one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access import Actor, Right, current_actor, guard
from app.concepts.catalogue import ConceptRefused, create_concept, get_concept, list_concepts
from app.errors import NotFound
from app.extensions import transaction
from app.practice.choices import choices_of, in_own_order
from app.practice.drafts import LEAST_CHOICES, MOST_CHOICES, DraftRefused, as_form, read
from app.practice.feedback import feedback
from app.practice.grading import GRADED_HERE, AnswerRefused, grade
from app.practice.questions import (
    answer_counts,
    change_question,
    counts_in_use,
    create_question,
    get_question,
    is_answered,
    questions_of,
    set_in_use,
)
from app.practice.scope import set_of
from models import Activity, Concept, DifficultyLevel, PracticeQuestion, QuestionType

blueprint = Blueprint("bank", __name__)
guard(blueprint, Right.TEACH)

KINDS = {
    QuestionType.MULTIPLE_CHOICE: "Multiple choice",
    QuestionType.TRUE_FALSE: "True or false",
    QuestionType.SHORT_ANSWER: "Short answer",
    QuestionType.CODING: "Coding",
}
DIFFICULTIES = [(level.value, level.value.capitalize()) for level in DifficultyLevel]


@blueprint.get("/")
def index() -> str:
    """The concepts of the course, with how many questions each has in use."""
    with transaction() as session:
        return _index(session, current_actor())


@blueprint.post("/concepts")
def add_concept() -> Response | tuple[str, int]:
    actor = current_actor()
    try:
        with transaction() as session:
            keywords = request.form.get("keywords", "").split(",")
            name = request.form.get("name", "")
            concept = create_concept(session, actor.course, name=name, keywords=keywords)
    except ConceptRefused as refusal:
        with transaction() as session:
            return _index(session, actor, error=refusal.sentence), 422
    return redirect(url_for(".concept", concept_id=concept.concept_id), 303)


@blueprint.get("/concepts/<uuid:concept_id>")
def concept(concept_id: UUID) -> str:
    """The questions of one concept."""
    actor = current_actor()
    with transaction() as session:
        found = get_concept(session, actor.course, concept_id)
        questions = questions_of(session, actor.course, concept_id)
        activity, own = set_of(session, actor.course, actor.activity_id)
        counts = counts_in_use(session, actor.course)
        answers = answer_counts(session, actor.course, concept_id)
    return render_template(
        "practice/bank.html",
        concept=found,
        questions=questions,
        answers=answers,
        placed=_placed(activity, own, counts) if found in own else None,
        may_manage=actor.may(Right.MANAGE),
        kinds=KINDS,
        taken_out=_mentioned(questions, "taken_out"),
        saved=_mentioned(questions, "saved"),
    )


@blueprint.route("/concepts/<uuid:concept_id>/questions/new", methods=["GET", "POST"])
def write(concept_id: UUID) -> Response | str | tuple[str, int]:
    """Write a question for a concept."""
    actor, kind = current_actor(), _kind(request.args.get("type"))
    with transaction() as session:
        found = get_concept(session, actor.course, concept_id)
    if request.method == "GET":
        return _form_page(found, kind, {"difficulty": found.difficulty_level.value}, {})
    try:
        draft = read(request.form, kind)
    except DraftRefused as refused:
        return _form_page(found, kind, request.form, refused.errors), 422
    with transaction() as session:
        question = create_question(session, actor.course, concept_id, actor.user_id, draft)
    return _back(question, saved=question.question_id)


@blueprint.route("/questions/<uuid:question_id>", methods=["GET", "POST"])
def edit(question_id: UUID) -> Response | str | tuple[str, int]:
    """Change a question."""
    actor = current_actor()
    with transaction() as session:
        question = get_question(session, actor.course, question_id)
        found = get_concept(session, actor.course, question.concept_id)
        answered = is_answered(session, question_id)
    kind = _kind(question.question_type.value)
    if request.method == "GET":
        return _form_page(found, kind, as_form(question), {}, question, answered)
    try:
        draft = read(request.form, kind)
    except DraftRefused as refused:
        page = _form_page(found, kind, request.form, refused.errors, question, answered)
        return page, 422
    with transaction() as session:
        question = get_question(session, actor.course, question_id)
        question = change_question(session, question, actor.user_id, draft)
    return _back(question, saved=question.question_id)


@blueprint.post("/questions/<uuid:question_id>/<any(take_out, bring_back):what>")
def use(question_id: UUID, what: str) -> Response:
    """Take a question out of use, or bring it back: what "delete" and "undo" come to."""
    actor = current_actor()
    with transaction() as session:
        question = get_question(session, actor.course, question_id)
        set_in_use(session, question, actor.user_id, what == "bring_back")
    return _back(question, taken_out=question_id if what == "take_out" else None)


@blueprint.route("/questions/<uuid:question_id>/try", methods=["GET", "POST"])
def attempt(question_id: UUID) -> str | tuple[str, int]:
    """See and answer a question as students do. Nothing is recorded."""
    actor = current_actor()
    with transaction() as session:
        question = get_question(session, actor.course, question_id)
        found = get_concept(session, actor.course, question.concept_id)
    context = {"question": question, "concept": found}
    if request.method == "GET":
        return render_template("practice/try.html", **_asked(question, actor), **context)
    keys = [choice.key for choice in choices_of(question)]
    try:
        verdict = grade(
            question.question_type, question.correct_answer, keys, request.form.get("answer")
        )
    except AnswerRefused as refusal:
        asked = _asked(question, actor)
        return render_template("practice/try.html", error=refusal.sentence, **asked, **context), 422
    given = feedback(question, actor.user_id, verdict.answer, verdict.is_correct, "")
    return render_template("practice/try.html", feedback=given, **context)


@dataclass(frozen=True)
class Placed:
    """The set that the teacher's link stands for, and how many questions it has in use."""

    activity: Activity
    concepts: Sequence[Concept]
    in_use: int


def _placed(
    activity: Activity | None, own: Sequence[Concept], counts: Mapping[UUID, int]
) -> Placed | None:
    if activity is None or not own:
        return None
    return Placed(activity, own, sum(counts.get(concept.concept_id, 0) for concept in own))


def _index(session: Session, actor: Actor, error: str | None = None) -> str:
    activity, own = set_of(session, actor.course, actor.activity_id)
    counts = counts_in_use(session, actor.course)
    return render_template(
        "practice/bank_index.html",
        concepts=list_concepts(session, actor.course),
        counts=counts,
        placed=_placed(activity, own, counts),
        may_manage=actor.may(Right.MANAGE),
        error=error,
        form=request.form,
    )


def _form_page(
    concept: Concept,
    kind: QuestionType,
    form: Any,
    errors: dict[str, str],
    question: PracticeQuestion | None = None,
    answered: bool = False,
) -> str:
    return render_template(
        "practice/question_form.html",
        concept=concept,
        kind=kind,
        kinds=KINDS,
        form=form,
        errors=errors,
        question=question,
        is_answered=answered,
        rows=range(MOST_CHOICES),
        least=LEAST_CHOICES,
        difficulties=DIFFICULTIES,
    )


def _asked(question: PracticeQuestion, actor: Actor) -> dict[str, Any]:
    return {"options": in_own_order(question, actor.user_id)}


def _back(
    question: PracticeQuestion, *, saved: UUID | None = None, taken_out: UUID | None = None
) -> Response:
    """To the concept's questions, which then say what has been done."""
    address = url_for(".concept", concept_id=question.concept_id, saved=saved, taken_out=taken_out)
    return redirect(address, 303)


def _mentioned(questions: list[PracticeQuestion], name: str) -> PracticeQuestion | None:
    """The question that the address says something has just been done to."""
    asked = request.args.get(name, "")
    return next((q for q in questions if str(q.question_id) == asked), None)


def _kind(value: str | None) -> QuestionType:
    kind = next((one for one in GRADED_HERE if one.value == value), None)
    if kind is None:
        raise NotFound(reason=f"questions of type {value!r} cannot be written")
    return kind
