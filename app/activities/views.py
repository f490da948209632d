"""The door of activities: the picker, and pages that say what is missing."""

from flask import Blueprint

blueprint = Blueprint("activities", __name__)


@blueprint.get("/new")
def picker() -> str:
    return ""


@blueprint.get("/missing")
def missing() -> str:
    return ""


@blueprint.get("/lost")
def lost() -> str:
    return ""
