"""Issuer moved: the LMS has new addresses. Its keys are fetched from there before it is stored."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import config
from app.admin import changes, moving
from app.admin.connections import Connection, connections, platform_of
from app.admin.moving import Addresses, Move
from app.admin.views.gate import as_sentences, current_operator
from app.connections.registrations import RegistrationClash
from app.extensions import transaction
from lti_config import keysets
from lti_config.addresses import TrustedHosts
from lti_config.errors import Unreachable
from lti_config.http import Client
from lti_config.keysets import Fetched
from models import CachedKeySet, Platform, Registration

blueprint = Blueprint("moved", __name__)

Page = Response | str | tuple[str, int]


@blueprint.route("/platforms/<uuid:platform_id>/moved", methods=["GET", "POST"])
def move(platform_id: UUID) -> Page:
    """Ask for the new addresses; check them, fetch the keys, and store all or nothing."""
    trusted = TrustedHosts(config.current().trusted_private_hosts)
    with transaction() as session:
        platform, kept = platform_of(session, platform_id)
        found = connections(session, Registration.platform_id == platform_id)
        wanted = _read(found)
        errors = (
            moving.faults(session, platform, wanted, trusted) if request.method == "POST" else {}
        )
    if request.method == "GET" or errors:
        return _form(platform, found, errors)
    try:
        fetched = keysets.fetch(Client(trusted), wanted.jwks_url)
    except Unreachable as error:
        words = f"The key set could not be fetched there, so nothing was changed: {error}"
        return _form(platform, found, {"jwks_url": words})
    if not _is_confirmed(kept, fetched):
        return _form(platform, found, {}, fetched)
    return _store(platform, found, wanted, fetched)


def _store(platform: Platform, found: list[Connection], wanted: Move, fetched: Fetched) -> Page:
    operator = current_operator().name
    try:
        with transaction() as session:
            changes.move(session, operator, platform.platform_id, wanted, fetched)
    except RegistrationClash as clash:
        return _form(platform, found, {"issuer": str(clash)})
    address = url_for("admin.platforms.show", platform_id=platform.platform_id, done="moved")
    return redirect(address, 303)


def _is_confirmed(kept: CachedKeySet | None, fetched: Fetched) -> bool:
    """The keys are known, or the operator has said yes to exactly these."""
    said = request.form.get("confirmed", "")
    return moving.shows_same_keys(kept, fetched) or said == moving.fingerprint(fetched.keys)


def _read(found: list[Connection]) -> Move:
    def given(name: str) -> str:
        return request.form.get(name, "").strip()

    return Move(
        issuer=given("issuer"),
        jwks_url=given("jwks_url"),
        registrations={
            key: Addresses(
                given(f"auth_url-{key}"),
                given(f"token_url-{key}"),
                given(f"auth_audience-{key}") or None,
            )
            for key in (one.registration.registration_id for one in found)
        },
    )


def _form(
    platform: Platform,
    found: list[Connection],
    errors: dict[str, str],
    unknown: Fetched | None = None,
) -> Page:
    """The form; `unknown`: keys from the new address that have to be confirmed."""
    page = render_template(
        "admin/moved.html",
        platform=platform,
        connections=found,
        form=request.form,
        errors=as_sentences(errors),
        unknown=unknown,
        fingerprint=moving.fingerprint(unknown.keys) if unknown else "",
    )
    return page if request.method == "GET" else (page, 422)
