"""Courses taken over: a deployment goes on where another one of the same LMS has ended."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.admin import changes, succession
from app.admin.succession import Place
from app.admin.views.gate import current_operator
from app.extensions import transaction

blueprint = Blueprint("succession", __name__)


@blueprint.get("/deployments/<uuid:deployment_id>/courses")
def show(deployment_id: UUID) -> str:
    """Whose courses may go on here, and what that means."""
    with transaction() as session:
        place = succession.place_of(session, deployment_id)
        return _page(place, succession.predecessors(session, place))


@blueprint.post("/deployments/<uuid:deployment_id>/courses")
def take_over(deployment_id: UUID) -> Response | tuple[str, int]:
    """Let the chosen deployment's courses go on under this one."""
    chosen = request.form.get("old", type=UUID)
    with transaction() as session:
        place = succession.place_of(session, deployment_id)
        found = succession.predecessors(session, place)
        old = next((one for one in found if one.deployment.deployment_id == chosen), None)
        if old is None:
            return _page(place, found, "Choose the deployment that this one follows."), 422
        done = changes.succeed(session, current_operator().name, old, place)
    address = url_for(
        ".show",
        deployment_id=deployment_id,
        moved=done.moved,
        left=done.left,
        scores=done.scores,
    )
    return redirect(address, 303)


def _page(place: Place, found: list[Place], error: str | None = None) -> str:
    return render_template(
        "admin/succession.html",
        place=place,
        found=found,
        error=error,
        moved=request.args.get("moved", type=int),
        left=request.args.get("left", 0, type=int),
        scores=request.args.get("scores", 0, type=int),
    )
