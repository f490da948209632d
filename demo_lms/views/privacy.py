"""What the tool keeps of the person: its own page, by a launch that belongs to no course."""

from __future__ import annotations

from flask import render_template

from demo_lms import oidc
from demo_lms.views.browser import current_person, lms, page_blueprint

pages = page_blueprint("privacy", __name__)


@pages.get("/privacy")
def show() -> str:
    return render_template("privacy.html")


@pages.get("/privacy/launch")
def launch() -> str:
    """Inside the frame: starts the launch."""
    form = oidc.privacy_request(lms(), current_person())
    return render_template("form_post.html", form=form)
