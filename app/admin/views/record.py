"""The record: what operators did, the newest first."""

from flask import Blueprint, render_template, request

from app import audit
from app.extensions import transaction

blueprint = Blueprint("record", __name__)

A_PAGE = 50
ACTIONS = {
    "operator.link_made": "Log-in link made",
    "operator.entered": "Logged in",
    "operator.disabled": "Operator disabled",
    "operator.enabled": "Operator enabled",
    "registration.added": "Registration added",
    "registration.approved": "Registration approved",
    "registration.disabled": "Registration disabled",
    "deployment.approved": "Deployment approved",
    "deployment.disabled": "Deployment disabled",
    "deployment.assigned": "Deployment assigned",
    "deployment.took_courses_over": "Courses taken over by a deployment",
    "platform.moved": "Issuer moved",
    "platform.renamed": "Platform renamed",
    "platform.key_set_fetched": "Key set fetched",
    "course.reindexed": "Course sent to another embedding model",
    "institution.added": "Institution added",
    "institution.renamed": "Institution renamed",
    "institution.switched_on": "Institution switched on",
    "institution.switched_off": "Institution switched off",
    "invitation.made": "Invitation made",
    "invitation.revoked": "Invitation revoked",
    "keys.encrypted_anew": "Signing keys encrypted anew",
    "keys.rotated": "Signing key rotated",
    "keys.replaced": "All signing keys dropped for a new one",
}


@blueprint.get("/record")
def index() -> str:
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < 2**63:
        before = None
    with transaction() as session:
        events = audit.of_operators(session, before, A_PAGE + 1)
    shown = events[:A_PAGE]
    return render_template(
        "admin/record.html",
        events=shown,
        actions=ACTIONS,
        older=shown[-1].event_id if len(events) > A_PAGE else None,
        is_first=before is None,
    )
