"""What every page's frame needs: the tabs of the actor's role and the addresses of assets."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, g, request, url_for

from app.access import Actor, Right

_TABS = (
    ("tutor.index", "Tutor", (Right.LEARN, Right.TEACH)),
    ("practice.index", "Practice", (Right.LEARN, Right.TEACH)),
    ("materials.index", "Materials", (Right.TEACH,)),
    ("gradebook.index", "Grades", (Right.TEACH,)),
)


def init_app(app: Flask) -> None:
    """Give templates `tabs`, `actor` and `asset()`."""
    dist = Path(app.static_folder or "") / "dist"

    def version(name: str) -> str:
        path = dist / name
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "0"

    @cache
    def asset(name: str) -> str:
        """Address of a built file; it changes with the content, so browsers may keep it."""
        return url_for("static", filename=f"dist/{name}", v=version(name))

    app.jinja_env.globals["asset"] = asset

    @app.context_processor
    def frame() -> dict[str, Any]:
        actor = g.get("actor")
        return {"actor": actor, "tabs": _tabs(actor) if actor else []}


_WITHIN = {"roster": "gradebook", "review": "gradebook", "selfcheck": "gradebook"}
"""Rooms without a tab of their own, and the one that they belong to."""


def _tabs(actor: Actor) -> list[dict[str, Any]]:
    """The rooms open to this actor, the one shown marked as current."""
    if actor.deep_linking:
        return []
    room = (request.blueprint or "").partition(".")[0]
    return [
        {
            "label": label,
            "url": url_for(endpoint),
            "current": _WITHIN.get(room, room) == endpoint.partition(".")[0],
        }
        for endpoint, label, rights in _TABS
        if actor.may(*rights)
    ]
