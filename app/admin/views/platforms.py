"""Platforms: all of them, one with its registrations and deployments, adding one by hand."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import config
from app.admin import changes, succession
from app.admin.connections import (
    Connection,
    connections,
    count,
    name_of,
    platform_of,
    school_options,
    waiting_scores,
)
from app.admin.views.gate import as_sentences, current_operator
from app.connections import registrations
from app.connections.registrations import NewRegistration, RegistrationClash
from app.errors import DomainError
from app.extensions import transaction
from app.pages import page_of
from lti_config import keysets
from lti_config.addresses import TrustedHosts
from lti_config.errors import Unreachable
from lti_config.http import Client
from models import Registration, RegistrationStatus

blueprint = Blueprint("platforms", __name__)

LONGEST_NAME = 200
_FIELDS = ("name", "issuer", "client_id", "auth_url", "token_url", "jwks_url", "auth_audience")
_SWITCHED = {
    "approved": "is approved and may launch.",
    "disabled": "is disabled. Whoever had come in by it is out.",
}
_STATUS = {"approve": RegistrationStatus.ACTIVE, "disable": RegistrationStatus.DISABLED}


@blueprint.get("/platforms")
def index() -> str:
    """All platforms, a page at a time."""
    with transaction() as session:
        page = page_of(count(session), request.args.get("page", type=int))
        found = connections(session, page=page)
    return render_template("admin/platforms.html", connections=found, page=page)


@blueprint.route("/platforms/new", methods=["GET", "POST"])
def new() -> Response | tuple[str, int] | str:
    """Register a platform by hand, as `flask platform add` does."""
    settings = config.current()
    if request.method == "GET":
        return render_template("admin/platform_new.html", form={}, errors={}, url=settings.url)
    wanted, trusted = _read(request.form), TrustedHosts(settings.trusted_private_hosts)
    errors = registrations.faults(wanted, trusted)
    if fault := _name_fault(wanted.name):
        errors["name"] = fault
    if not errors:
        try:
            with transaction() as session:
                row = changes.add_platform(session, current_operator().name, wanted, trusted)
            return _back(row.platform_id, "added")
        except RegistrationClash as clash:
            errors["client_id"] = str(clash)
    page = render_template(
        "admin/platform_new.html",
        form=request.form,
        errors=as_sentences(errors),
        url=settings.url,
    )
    return page, 422


@blueprint.get("/platforms/<uuid:platform_id>")
def show(platform_id: UUID) -> str:
    """One platform."""
    with transaction() as session:
        return _page(session, platform_id)


@blueprint.post("/platforms/<uuid:platform_id>/rename")
def rename(platform_id: UUID) -> Response | tuple[str, int]:
    """Give a platform another name for people."""
    name = " ".join(request.form.get("name", "").split())
    fault = _name_fault(name)
    with transaction() as session:
        if fault:
            return _page(session, platform_id, name_error=fault), 422
        changes.rename_platform(session, current_operator().name, platform_id, name)
    return _back(platform_id, "platform_renamed")


@blueprint.post(
    "/<any(registrations, deployments):_kind>/<uuid:item_id>/<any(approve, disable):to>"
)
def switch(_kind: str, item_id: UUID, to: str) -> Response:
    """Approve or disable a registration or a deployment."""
    with transaction() as session:
        platform_id = changes.switch(session, current_operator().name, item_id, _STATUS[to])
    return _back(platform_id, f"{to}d", item_id)


@blueprint.post("/deployments/<uuid:deployment_id>/institution")
def assign(deployment_id: UUID) -> Response:
    """Say which institution a deployment belongs to."""
    given = _institution(request.form.get("institution_id"))
    with transaction() as session:
        platform_id = changes.assign(session, current_operator().name, deployment_id, given)
    return _back(platform_id, "assigned")


@blueprint.post("/platforms/<uuid:platform_id>/key-set")
def refetch(platform_id: UUID) -> Response | tuple[str, int]:
    """Ask the platform for its key set now."""
    with transaction() as session:
        url = platform_of(session, platform_id)[0].jwks_url
    try:
        fetched = keysets.fetch(Client.trusting(config.current().trusted_private_hosts), url)
    except Unreachable as error:
        with transaction() as session:
            return _page(session, platform_id, key_set_error=str(error)), 502
    with transaction() as session:
        changes.keep_key_set(session, current_operator().name, platform_id, url, fetched)
    return _back(platform_id, "fetched")


def _page(
    session: Session,
    platform_id: UUID,
    *,
    key_set_error: str | None = None,
    name_error: str | None = None,
) -> str:
    platform, key_set = platform_of(session, platform_id)
    found = connections(session, Registration.platform_id == platform_id)
    return render_template(
        "admin/platform.html",
        **_switched(found),
        platform=platform,
        key_set=key_set,
        key_set_error=key_set_error,
        name_error=name_error,
        given_name=request.form.get("name", platform.name),
        connections=found,
        schools=school_options(session),
        scores=waiting_scores(session, platform_id),
        followers=succession.followers(session, platform_id),
    )


def _institution(given: str | None) -> UUID | None:
    """What the form says; the empty choice alone is no institution. Raises DomainError."""
    try:
        return UUID(given) if given != "" else None
    except (TypeError, ValueError) as error:
        raise DomainError(
            "Nothing was changed: this is no institution of the list. Load the page again.",
            status=422,
            reason=f"institution {given!r} is no id",
        ) from error


def _name_fault(name: str) -> str | None:
    is_fine = 0 < len(name) <= LONGEST_NAME and name.isprintable()
    return None if is_fine else f"Give a name of 1 to {LONGEST_NAME} characters."


def _read(form: Any) -> NewRegistration:
    given = {name: form.get(name, "").strip() for name in _FIELDS}
    deployments = tuple(line.strip() for line in form.get("deployments", "").splitlines())
    return NewRegistration(
        **{**given, "auth_audience": given["auth_audience"] or None},
        deployments=tuple(filter(None, deployments)),
    )


def _switched(found: list[Connection]) -> dict[str, str]:
    """What was approved or disabled just now, by its name."""
    words = _SWITCHED.get(request.args.get("done", ""))
    name = name_of(found, request.args.get("item", type=UUID))
    return {"done": f"{name} {words}"} if words and name else {}


def _back(platform_id: UUID, done: str, item_id: UUID | None = None) -> Response:
    return redirect(url_for(".show", platform_id=platform_id, done=done, item=item_id), 303)
