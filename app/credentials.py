"""How a browser shows that a session is its own: a partitioned cookie, or a bearer token.

Where cookies are blocked the page keeps the secret and sends it by itself (docs/decisions/0002).
"""

from typing import Any

from flask import Flask, Response, current_app, g, request

from app import config, forgery
from app.errors import Forbidden, NoSession
from app.extensions import transaction
from app.session import LIFE, OpenedSession, enter

MOST_COOKIES = 20
COOKIE_PREFIX = "__Host-s-"


def set_cookie(response: Response, opened: OpenedSession) -> None:
    """Give the secret as a partitioned cookie and drop the oldest beyond 20."""
    held = [name for name in request.cookies if name.startswith(COOKIE_PREFIX)]
    for name in held[: max(0, len(held) - MOST_COOKIES + 1)]:
        _write_cookie(response, name, "", max_age=0)
    _write_cookie(response, COOKIE_PREFIX + opened.sid, opened.secret, int(LIFE.total_seconds()))


def _write_cookie(response: Response, name: str, value: str, max_age: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        secure=True,
        httponly=True,
        samesite="None",
        path="/",
        partitioned=True,
    )


def init_app(app: Flask) -> None:
    """Take `sid` out of each address, make the actor from it, and fill it into new addresses."""

    @app.url_value_preprocessor
    def take_sid(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.actor = None
        g.frame_origin = None
        g.sid = values.pop("sid", None) if values else None

    @app.url_defaults
    def fill_sid(endpoint: str, values: dict[str, Any]) -> None:
        if g.get("sid") and current_app.url_map.is_endpoint_expecting(endpoint, "sid"):
            values.setdefault("sid", g.sid)

    @app.before_request
    def authenticate() -> None:
        if g.get("sid"):
            _enter(g.sid)

    app.jinja_env.globals["csrf_token"] = csrf_token


def csrf_token() -> str:
    """The token that a form of this session must bring back; empty outside a session."""
    sid = g.get("sid")
    return forgery.token(_form_of(sid)) if sid else ""


def _form_of(sid: str) -> bytes:
    return b"csrf:" + sid.encode()


def _enter(sid: str) -> None:
    bearer = _bearer()
    secret = bearer or request.cookies.get(COOKIE_PREFIX + sid)
    if not secret or not sid.isprintable():
        raise NoSession(reason="no credential came with the request")
    with transaction() as session:
        actor, frame_origin = enter(session, sid, secret)
    if not bearer:
        _refuse_forgery(sid)  # last: it reads the form, whatever its size
    g.actor, g.frame_origin = actor, frame_origin


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _refuse_forgery(sid: str) -> None:
    if request.method in forgery.SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    if origin and origin != config.current().origin:
        raise Forbidden(reason=f"request from foreign origin {origin!r}")
    if not forgery.is_shown(_form_of(sid)):
        raise Forbidden(
            "This page is too old to be sent. Please open the link in your course again.",
            reason="anti-CSRF token missing or wrong",
        )
