"""Invitations: made, shown once, listed, revoked."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import config
from app.admin import changes
from app.admin.connections import school_options
from app.admin.views.gate import current_operator
from app.connections import invitations
from app.extensions import transaction
from models import Invitation, now

blueprint = Blueprint("invitations", __name__)

LONGEST_NOTE = 200


@blueprint.get("/invitations")
def index() -> str:
    """All invitations, and the form for a new one."""
    return _page()


@blueprint.post("/invitations")
def invite() -> str | tuple[str, int]:
    """Make one. The address is in this answer and nowhere else: only its hash is kept."""
    note = " ".join(request.form.get("note", "").split())
    if not 0 < len(note) <= LONGEST_NOTE or not note.isprintable():
        return _page(error=f"Say whom it is for, in 1 to {LONGEST_NOTE} characters."), 422
    institution_id = request.form.get("institution_id", type=UUID)
    with transaction() as session:
        row, code = changes.invite(session, current_operator().name, note, institution_id)
    return _page(made=row, address=invitations.address(config.current().url, code))


@blueprint.post("/invitations/<uuid:invitation_id>/revoke")
def revoke(invitation_id: UUID) -> Response:
    with transaction() as session:
        changes.revoke(session, current_operator().name, invitation_id)
    return redirect(url_for(".index", done="revoked"), 303)


def _page(
    error: str | None = None, made: Invitation | None = None, address: str | None = None
) -> str:
    with transaction() as session:
        rows = invitations.listed(session)
        offered = school_options(session)
    return render_template(
        "admin/invitations.html",
        invitations=[(row, _state(row)) for row in rows],
        names=dict(offered),
        schools=offered,
        error=error,
        made=made,
        address=address,
        form=request.form if error else {},
    )


def _state(row: Invitation) -> str:
    if row.spent_at is not None:
        return "used"
    return "open" if row.expires_at > now() else "over"
