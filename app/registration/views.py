"""Where an LMS registers: the page that its administrator sees, and Canvas's JSON. The door.

LTI Dynamic Registration 1.0. The page comes in the LMS's frame, where cookies may be dead: what
was checked travels with the form, sealed and bound to its invitation, and so nobody can post it
for somebody else.
"""

from pathlib import Path

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    render_template,
    request,
    send_from_directory,
)

from app import config, errors
from app.connections import invitations
from app.connections.invitations import InvitationRefused
from app.errors import DomainError
from app.registration import registering
from app.registration.registering import Offer
from lti_config import tool
from lti_config.errors import RegistrationRefused

blueprint = Blueprint("registration", __name__)

LARGEST_BODY = 256 * 1024
JSON_KEPT = 300
ICON_KEPT = 24 * 3600


@blueprint.before_request
def limit_body() -> None:
    """Nobody is known yet: what they send stays small."""
    request.max_content_length = LARGEST_BODY


@blueprint.after_request
def keep_address_secret(response: Response) -> Response:
    """The address holds the invitation, and the LMS's token: no log of ours gets it either."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.errorhandler(InvitationRefused)
@blueprint.errorhandler(RegistrationRefused)
def refused(refusal: InvitationRefused | RegistrationRefused) -> Response:
    is_invitation = isinstance(refusal, InvitationRefused)
    error = DomainError(
        refusal.sentence,
        reason=str(refusal),
        status=refusal.status,
        title="This invitation does not work" if is_invitation else "Nothing was registered",
    )
    return errors.answer(error)


@blueprint.get("/register")
def look() -> str:
    """What the LMS would register, for its administrator to confirm."""
    settings = config.current()
    code = request.args.get("invite", "")
    configuration_url = request.args.get("openid_configuration")
    if configuration_url is None:
        registering.check_invitation(code)
        return render_template(
            "registration/invited.html", address=invitations.address(settings.url, code)
        )
    token = request.args.get("registration_token", "")
    offer = registering.look(code, configuration_url, token, settings)
    return _page(
        "registration/confirm.html", offer, offer_sealed=registering.sealed(offer, settings)
    )


@blueprint.post("/register")
def register() -> str:
    """The administrator has confirmed."""
    settings = config.current()
    offer = registering.unsealed(request.form.get("offer", ""), settings)
    registering.register(offer, settings)
    return _page("registration/done.html", offer)


@blueprint.get("/canvas.json")
def canvas_json() -> Response:
    """Canvas's developer key by address."""
    response = jsonify(tool.canvas_json(config.current().url))
    response.cache_control.public = True
    response.cache_control.max_age = JSON_KEPT
    return response


@blueprint.get("/icon.svg")
def icon() -> Response:
    """What the LMS shows beside our name; its address is kept there."""
    folder = Path(current_app.static_folder or "") / "dist"
    return send_from_directory(folder, "icon.svg", max_age=ICON_KEPT)


def _page(template: str, offer: Offer, **values: str) -> str:
    """A page for the frame of this LMS, and of no other."""
    g.frame_origin = offer.configuration.frame_sources
    return render_template(
        template,
        school=offer.school,
        configuration=offer.configuration,
        asked=[tool.SCOPES[scope] for scope in offer.configuration.scopes],
        **values,
    )
