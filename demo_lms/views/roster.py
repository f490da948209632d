"""The names and roles service. NRPS 2.0 sections 2.4 and 3."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from demo_lms import links, oauth, roster
from demo_lms import vocabulary as lti
from demo_lms.errors import Refusal
from demo_lms.faults import fail_if, get_faults
from demo_lms.links import Link
from demo_lms.paging import cut
from demo_lms.views.browser import in_course, lms
from demo_lms.views.security import refused_json

service = Blueprint("roster", __name__)
service.register_error_handler(Refusal, refused_json)


@service.get("/api/courses/<context_id>/memberships")
def memberships(context_id: str) -> Response:
    platform = in_course(context_id)
    fail_if(get_faults(platform.store).nrps_down, "Names and roles are")
    if context_id != platform.settings.context_id:
        raise Refusal(404, "not_found", "There is no such course.")
    oauth.require_scope(platform, request.headers.get("Authorization"), lti.SCOPE_ROSTER)
    link = _resource_link()
    found = roster.with_role(request.args.get("role"))
    part, following = cut(found, request.args, roster.memberships_url(platform.settings))
    listed = [roster.member(platform.settings, person, link) for person in part]
    response = jsonify(roster.container(platform.settings, _own_url(), listed))
    response.mimetype = lti.ROSTER_TYPE
    if following:
        response.headers["Link"] = following
    return response


def _resource_link() -> Link | None:
    """The link of `rlid`; a foreign one is denied (NRPS 2.0 section 3.1)."""
    wanted = request.args.get("rlid")
    link = links.find(lms().store, wanted) if wanted else None
    if wanted and (link is None or link.course != lms().store.course):
        raise Refusal(403, "forbidden", "rlid is no link of this course.")
    return link


def _own_url() -> str:
    return lms().settings.issuer + request.full_path.rstrip("?")
