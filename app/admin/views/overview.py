"""The first page: what needs attention."""

from flask import Blueprint, render_template

from app.admin.connections import attention, connections, latest
from app.errors import Action, NotFound
from app.extensions import transaction
from app.materials.files.storage import StorageUnreachable, storage
from app.materials.files.verification import list_faulty

blueprint = Blueprint("overview", __name__)

MOST_FILES = 20


@blueprint.get("/")
def index() -> str:
    with transaction() as session:
        found = connections(session)
        faulty = list_faulty(session, MOST_FILES + 1)
    return render_template(
        "admin/overview.html",
        connections=found,
        attention=attention(found),
        latest=latest,
        faulty=faulty[:MOST_FILES],
        more_faulty=len(faulty) > MOST_FILES,
        storage_fault=_storage_fault(),
    )


def _storage_fault() -> str | None:
    """Why files can't be kept at this moment."""
    try:
        storage().check()
    except StorageUnreachable as error:
        return str(error)
    return None


@blueprint.get("/<path:_rest>")
def nothing(_rest: str) -> str:
    """Any other address under the console."""
    raise NotFound("The console has no page at this address.", action=Action("Overview", "/admin/"))
