"""The assignment and grade services. AGS 2.0 section 3."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from demo_lms import line_items, oauth, scores
from demo_lms import vocabulary as lti
from demo_lms.errors import Refusal, bad_request
from demo_lms.faults import obey_ags_faults
from demo_lms.paging import cut
from demo_lms.views.browser import in_course, lms
from demo_lms.views.security import refused_json

service = Blueprint("assignments", __name__, url_prefix="/api/courses/<context_id>/lineitems")
service.register_error_handler(Refusal, refused_json)


@service.before_request
def check_address() -> None:
    """The course is ours, and the query that our addresses carry is still there."""
    obey_ags_faults(lms().store)
    context_id = (request.view_args or {}).pop("context_id", "")
    if in_course(context_id).settings.context_id != context_id:
        raise Refusal(404, "not_found", "There is no such course.")
    if request.args.get("type_id") != line_items.TYPE_ID:
        raise bad_request("type_id is not as the address had it. Keep the address's query.")


@service.get("")
def list_items() -> Response:
    _allow(lti.SCOPE_LINE_ITEM, lti.SCOPE_LINE_ITEM_READ)
    found = line_items.matching(lms().store, request.args)
    part, link = cut(found, request.args, _own_url())
    listed = [line_items.as_json(lms().settings, item) for item in part]
    return _answer(listed, lti.LINE_ITEMS_TYPE, link=link)


@service.post("")
def create_item() -> Response:
    _allow(lti.SCOPE_LINE_ITEM)
    item = line_items.create(lms().store, _body(lti.LINE_ITEM_TYPE))
    return _answer(line_items.as_json(lms().settings, item), lti.LINE_ITEM_TYPE, status=201)


@service.get("/<int:item_id>/lineitem")
def show_item(item_id: int) -> Response:
    _allow(lti.SCOPE_LINE_ITEM, lti.SCOPE_LINE_ITEM_READ)
    item = line_items.get(lms().store, item_id)
    return _answer(line_items.as_json(lms().settings, item), lti.LINE_ITEM_TYPE)


@service.put("/<int:item_id>/lineitem")
def replace_item(item_id: int) -> Response:
    _allow(lti.SCOPE_LINE_ITEM)
    item = line_items.replace(lms().store, item_id, _body(lti.LINE_ITEM_TYPE))
    return _answer(line_items.as_json(lms().settings, item), lti.LINE_ITEM_TYPE)


@service.delete("/<int:item_id>/lineitem")
def delete_item(item_id: int) -> Response:
    _allow(lti.SCOPE_LINE_ITEM)
    line_items.delete(lms().store, item_id)
    return Response(status=204)


@service.post("/<int:item_id>/lineitem/scores")
def post_score(item_id: int) -> Response:
    """Like Moodle: 200 and nothing in it."""
    _allow(lti.SCOPE_SCORE)
    scores.receive(lms(), line_items.get(lms().store, item_id), _body(lti.SCORE_TYPE))
    return Response(status=200)


@service.get("/<int:item_id>/lineitem/results")
def list_results(item_id: int) -> Response:
    _allow(lti.SCOPE_RESULT_READ)
    item = line_items.get(lms().store, item_id)
    found = scores.results(lms(), item, request.args.get("user_id"))
    part, link = cut(found, request.args, _own_url())
    return _answer(part, lti.RESULTS_TYPE, link=link)


def _allow(*scopes: str) -> None:
    oauth.require_scope(lms(), request.headers.get("Authorization"), *scopes)


def _body(media_type: str) -> Any:
    """The JSON body, if it is announced as what it has to be."""
    if request.mimetype != media_type:
        raise Refusal(415, "unsupported_media_type", f"Content-Type must be {media_type}.")
    try:
        return request.get_json(force=True)
    except BadRequest as error:
        raise bad_request("The body is no JSON.") from error


def _own_url() -> str:
    return lms().settings.issuer + request.path


def _answer(body: Any, media_type: str, *, status: int = 200, link: str | None = None) -> Response:
    if not request.accept_mimetypes.quality(media_type) and request.accept_mimetypes:
        raise Refusal(406, "not_acceptable", f"Accept has to allow {media_type}.")
    response = jsonify(body)
    response.status_code = status
    response.mimetype = media_type
    if link:
        response.headers["Link"] = link
    return response
