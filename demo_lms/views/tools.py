"""Tools that register themselves: the administrator's pages, and the endpoints for the tool."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from demo_lms import manners, registration, tools
from demo_lms.errors import Refusal
from demo_lms.views.browser import current_person, lms, page_blueprint, require

pages = page_blueprint("tools", __name__)
endpoints = Blueprint("registration", __name__, url_prefix="/registration/<manner>")


@pages.before_request
def administrators_only() -> None:
    require(current_person().is_admin, "the administrator")


@pages.get("/tools")
def show() -> str:
    return render_template("tools.html", tools=tools.listed(lms()))


@pages.get("/tools/register")
def register() -> str:
    """The tool's own page in a frame, with permission to register once."""
    manner = _known(request.args.get("manner"))
    tool_address = request.args.get("address", "").strip()
    token = registration.open_token(lms(), manner)
    address = registration.address(lms(), tool_address, manner, token)
    return render_template("register.html", address=address)


@pages.post("/tools/<client_id>/on")
def switch_on(client_id: str) -> BaseResponse:
    tools.switch_on(lms(), client_id)
    return redirect(url_for(".show"), 303)


@pages.post("/tools/built-in")
def use_built_in() -> BaseResponse:
    tools.use_built_in(lms())
    return redirect(url_for(".show"), 303)


@endpoints.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """Canvas refuses in JSON, Moodle in plain text that calls itself HTML."""
    if request.path.startswith(f"/registration/{manners.CANVAS}/"):
        response = jsonify(error=refusal.reason)
    else:
        response = Response(refusal.reason, content_type="text/html; charset=utf-8")
    response.status_code = refusal.status
    return response


@endpoints.get("/openid-configuration")
def configuration(manner: str) -> Response:
    authorization = request.headers.get("Authorization")
    return jsonify(registration.configuration(lms(), _known(manner), authorization))


@endpoints.post("/tools")
def take(manner: str) -> Response:
    authorization = request.headers.get("Authorization")
    body = request.get_json(silent=True)
    return jsonify(registration.register(lms(), _known(manner), authorization, body))


def _known(manner: str | None) -> str:
    if manner not in manners.MANNERS:
        abort(404)
    return manner
