"""The first page: what needs attention."""

from flask import Blueprint, render_template

from app.admin.connections import attention, connections, latest
from app.errors import Action, NotFound
from app.extensions import transaction

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
def index() -> str:
    with transaction() as session:
        found = connections(session)
    return render_template(
        "admin/overview.html", connections=found, attention=attention(found), latest=latest
    )


@blueprint.get("/<path:_rest>")
def nothing(_rest: str) -> str:
    """Any other address under the console."""
    raise NotFound("The console has no page at this address.", action=Action("Overview", "/admin/"))
