"""The doors of the console, all behind the gate; the log-in alone is open."""

from flask import Blueprint

from app.admin.views import (
    gate,
    institutions,
    invitations,
    keys,
    login,
    moved,
    overview,
    platforms,
    record,
    succession,
)

blueprint = Blueprint("admin", __name__)
gate.guard(blueprint)

for door in (
    login,
    overview,
    platforms,
    moved,
    succession,
    institutions,
    invitations,
    keys,
    record,
):
    blueprint.register_blueprint(door.blueprint)
