"""The log-in: a page that posts the secret of the link's fragment, and the way out."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.admin import entrance
from app.admin.entrance import LinkRefused
from app.admin.views import gate
from app.extensions import transaction

blueprint = Blueprint("login", __name__)


@blueprint.get("/login")
def show() -> str:
    """Spends nothing: a link may be looked at by a mail program before its reader opens it."""
    return render_template("admin/login.html")


@blueprint.post("/login")
def spend() -> AnyResponse:
    """Spend the link and let its operator in; a session that this browser had before ends."""
    try:
        with transaction() as session:
            secret = entrance.spend_link(session, request.form.get("secret", "").strip())
            if former := gate.secret_shown():
                entrance.leave(session, former)
    except LinkRefused as refused:
        page = render_template("admin/login.html", refused=refused.sentence)
        return make_response(page, refused.status)
    return _go("admin.overview.index", secret)


@blueprint.post("/logout")
def leave() -> AnyResponse:
    """End the session."""
    with transaction() as session:
        entrance.leave(session, gate.secret_shown() or "")
    return _go("admin.login.show", "")


def _go(endpoint: str, secret: str) -> Response:
    response = make_response(redirect(url_for(endpoint), 303))
    gate.set_cookie(response, secret)
    return response
