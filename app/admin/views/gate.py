"""The gate before every page of the console: cookie, anti-CSRF token, what all pages show.

Nothing here is shared with the sessions of launches (`app.session`): neither cookie opens the
other's pages.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app import config, forgery
from app.admin import entrance
from app.admin.entrance import AtConsole
from app.clock import said
from app.errors import Action, DomainError, Forbidden
from app.extensions import transaction
from models import HealthKind, now

COOKIE = "__Host-operator"
LARGEST_BODY = 64 * 1024
_OPEN = frozenset({"admin.login.show", "admin.login.spend"})
_TABS = (
    ("admin.overview.index", "Overview", ()),
    ("admin.platforms.index", "Platforms", ("admin.moved", "admin.succession")),
    ("admin.institutions.index", "Institutions", ()),
    ("admin.invitations.index", "Invitations", ()),
    ("admin.keys.index", "Keys", ()),
    ("admin.record.index", "Record", ()),
)
"""Address, label, and further doors that belong to it."""
_DONE = {
    "added": "The platform is added and may launch.",
    "assigned": "The deployment is assigned.",
    "fetched": "The key set was fetched and is kept.",
    "moved": "The LMS has moved. Its people, courses and grades stay as they were.",
    "institution_added": "The institution is added. Assign deployments to it at their platform.",
    "platform_renamed": "The platform has its new name.",
    "renamed": "The institution has its new name.",
    "switched_on": "The institution is switched on.",
    "switched_off": "The institution is switched off. Nobody of it can come in.",
    "revoked": "The invitation is revoked.",
    "encrypted_anew": "The keys are encrypted with the newest secret key. Older ones can go.",
    "kept": "Nothing was changed: the next key is announced already.",
    "rotated": "The next signing key is published. It signs a day later, by itself.",
}


def guard(blueprint: Blueprint) -> None:
    """Set the gate before the blueprint and all below it."""
    blueprint.before_request(_let_in)
    blueprint.context_processor(_shown)


def current_operator() -> AtConsole:
    """Who is at the console. The gate has seen to it that somebody is."""
    operator: AtConsole = g.operator
    return operator


def set_cookie(response: Response, secret: str) -> None:
    """Let the browser hold the session; an empty secret takes it away."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(entrance.LIFE.total_seconds()) if secret else 0,
        secure=True,
        httponly=True,
        samesite="Strict",
        path="/",
    )


def secret_shown() -> str | None:
    """The session's secret as the browser sent it."""
    return request.cookies.get(COOKIE)


def _let_in() -> AnyResponse | None:
    request.max_content_length = LARGEST_BODY
    g.operator = None
    if request.method not in forgery.SAFE_METHODS:
        _refuse_foreign_origin()
    if request.endpoint in _OPEN:
        return None
    secret = secret_shown()
    if secret:
        with transaction() as session:
            g.operator = entrance.enter(session, secret)
    if g.operator is None:
        return _to_login()
    if request.method not in forgery.SAFE_METHODS:
        _refuse_forgery(g.operator)
    return None


def _to_login() -> AnyResponse:
    if request.method in forgery.SAFE_METHODS:
        return redirect(url_for("admin.login.show"))
    raise DomainError(
        "You are not logged in any more, so nothing was changed.",
        status=401,
        reason="console: no session",
        action=Action("Log in", url_for("admin.login.show")),
    )


def _refuse_foreign_origin() -> None:
    """Browsers say where a form comes from; the log-in's has no other proof."""
    origin = request.headers.get("Origin")
    if origin != config.current().origin:
        raise Forbidden(
            f"This form was not sent from this console. Open it at {config.current().url}/admin.",
            reason=f"console: request from origin {origin!r}",
        )


def _refuse_forgery(operator: AtConsole) -> None:
    if not forgery.is_shown(_form_of(operator)):
        raise Forbidden(
            "This page is too old to be sent. Load it again, then repeat what you did.",
            reason="console: anti-CSRF token missing or wrong",
            action=Action("To the overview", url_for("admin.overview.index")),
        )


def _form_of(operator: AtConsole) -> bytes:
    return b"operator csrf:" + operator.session_hash


def _shown() -> dict[str, Any]:
    """What the console's templates use; they know no actor."""
    operator: AtConsole | None = g.get("operator")
    return {
        "operator": operator,
        "tabs": [_tab(*tab) for tab in _TABS] if operator else [],
        "csrf_token": lambda: forgery.token(_form_of(operator)) if operator else "",
        "when": when,
        "kinds": HealthKind,
        "done": _DONE.get(request.args.get("done", "")),
    }


def _tab(endpoint: str, label: str, more: tuple[str, ...]) -> dict[str, Any]:
    rooms = {endpoint.rpartition(".")[0], *more}
    return {"label": label, "url": url_for(endpoint), "current": request.blueprint in rooms}


def when(moment: datetime | None, never: str = "never") -> Markup | str:
    """A moment in UTC, for people and machines."""
    if moment is None:
        return never
    shown = said(moment, UTC, now())
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), shown)


def as_sentences(faults: Mapping[str, str]) -> dict[str, str]:
    """Faults of fields as a form says them; `lti_config` words them to stand in a line of text."""
    return {name: f"{fault[0].upper()}{fault[1:].rstrip('.')}." for name, fault in faults.items()}
