"""Adding links from the tool: the picker in a frame, and its answer.

Deep Linking 2.0 sections 2.1 (to the tool) and 2.3 (back). Also the return address of ordinary
launches, LTI core 1.3 section 5.4.4.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from demo_lms import deep_linking, links, oidc, tokens
from demo_lms.errors import Refusal
from demo_lms.views.browser import (
    current_person,
    in_course,
    lms,
    page_blueprint,
    refused_page,
    require,
)

pages = page_blueprint("picker", __name__)
endpoints = Blueprint("returns", __name__)
endpoints.register_error_handler(Refusal, refused_page)


@pages.get("/add")
def add() -> str:
    require(current_person().is_teacher, "teachers")
    takes = tokens.picker_takes(lms().store)
    return render_template("add.html", link=None, takes=takes)


@pages.post("/add")
def switch_place() -> Response:
    """What the place takes from which the picker is opened: several links, grades."""
    require(current_person().is_teacher, "teachers")
    takes = {name: name in request.form for name in ("several", "grades")}
    lms().store.keep_note("picker_takes", takes)
    return redirect("/add", 303)


@pages.get("/links/<link_id>/again")
def again(link_id: str) -> str:
    """Set a link up again by the tool's picker."""
    require(current_person().is_teacher, "teachers")
    link = links.get(lms().store, link_id)
    takes = tokens.picker_takes(in_course(link.course).store)
    return render_template("add.html", link=link, takes=takes)


@pages.get("/links/<link_id>/again/launch")
def launch_again(link_id: str) -> str:
    require(current_person().is_teacher, "teachers")
    link = links.get(lms().store, link_id)
    form = oidc.picker_request(in_course(link.course), current_person(), link)
    return render_template("form_post.html", form=form)


@pages.get("/add/launch")
def launch_picker() -> str:
    require(current_person().is_teacher, "teachers")
    form = oidc.login_request(lms(), current_person(), None)
    return render_template("form_post.html", form=form)


@endpoints.post("/deep-link/<ticket>")
def take_answer(ticket: str) -> str:
    """The tool's form, sent by the browser from another site: no cookie of ours comes along.

    Who asked, and for what, hangs on the ticket in the address; the signature does the rest.
    """
    deep_linking.take_answer(lms(), ticket, request.form.get("JWT", ""))
    return render_template("leave_frame.html", target=f"/?added={ticket}", words=[])


@endpoints.get("/return")
def return_from_tool() -> str:
    """Where a launch's return_url leads; a message of the tool's is shown first."""
    names = ("lti_errormsg", "lti_msg")
    words = [request.args[name][:1000] for name in names if request.args.get(name)]
    return render_template("leave_frame.html", target="/", words=words)
