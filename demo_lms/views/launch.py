"""The authorization endpoint. Security Framework 1.0 section 5.1.1.2 and 5.1.1.3."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from demo_lms import oidc
from demo_lms.errors import Refusal, bad_request
from demo_lms.views.browser import lms, logged_in, refused_page

endpoints = Blueprint("launch", __name__)
endpoints.register_error_handler(Refusal, refused_page)


@endpoints.route("/auth", methods=["GET", "POST"])
def authorize() -> str:
    """Answers with a form that posts an id_token or an error to the tool.

    The tool sends the browser here from another site, so in a frame the person's Lax cookie does
    not come along. The request is then posted once more from a page of ours, as Moodle does it.
    """
    params = _parameters()
    person = logged_in()
    if person is None and "repost" not in params:
        again = oidc.FormPost("/auth", {**params, "repost": "1"})
        return render_template("form_post.html", form=again)
    return render_template("form_post.html", form=oidc.authorize(lms(), params, person))


@endpoints.get("/post-message-forwarding")
def forwarding_frame() -> str:
    """The hidden frame beside the tool that hands messages on, as on Canvas's sign-in host."""
    return render_template("forwarding.html")


def _parameters() -> dict[str, str]:
    """Query or form, no name twice (RFC 6749 section 3.1)."""
    given = request.form if request.method == "POST" else request.args
    if any(len(values) > 1 for values in given.listvalues()):
        raise bad_request("A parameter was sent twice.")
    return dict(given.items())
