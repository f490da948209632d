"""Keys: our own and how they rotate, and those of the platforms as they are kept."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import config
from app.admin import changes, rotation
from app.admin.rotation import Sealed
from app.admin.views.gate import current_operator
from app.errors import DomainError
from app.extensions import transaction
from lti_config.errors import SealBroken
from models import CachedKeySet, Platform, now

blueprint = Blueprint("keys", __name__)


@blueprint.get("/keys")
def index() -> str:
    with transaction() as session:
        own = rotation.listed(session, config.current().secret_keys)
        kept = session.execute(
            select(Platform, CachedKeySet)
            .outerjoin(CachedKeySet, CachedKeySet.url == Platform.jwks_url)
            .order_by(Platform.name)
        ).all()
    return render_template(
        "admin/keys.html",
        own=own,
        is_rotating=any(one.state is rotation.KeyState.ANNOUNCED for one in own),
        is_lost=any(one.sealed is Sealed.LOST for one in own),
        is_former=any(one.sealed is Sealed.FORMER for one in own),
        kept=kept,
        moment=now(),
        url=config.current().url + url_for("launch.jwks"),
    )


@blueprint.post("/keys/rotate")
def rotate() -> Response:
    """Publish the next key; it signs a day later."""

    def rotated(session: Session, operator: str, secret_keys: tuple[str, ...]) -> str:
        return "rotated" if changes.rotate_keys(session, operator, secret_keys).is_new else "kept"

    return _change(rotated)


@blueprint.post("/keys/encrypt-anew")
def seal_anew() -> Response:
    """Encrypt the private parts with the newest secret key."""

    def sealed(session: Session, operator: str, secret_keys: tuple[str, ...]) -> str:
        changes.seal_keys_anew(session, operator, secret_keys)
        return "encrypted_anew"

    return _change(sealed)


def _change(change: Callable[[Session, str, tuple[str, ...]], str]) -> Response:
    """`change` says what was done."""
    try:
        with transaction() as session:
            done = change(session, current_operator().name, config.current().secret_keys)
    except SealBroken as error:
        raise DomainError(
            f"Nothing was changed: {error}. Put the former key back at the end of "
            "COURSELLM_SECRET_KEYS, then try again.",
            status=409,
            reason=str(error),
        ) from error
    return redirect(url_for(".index", done=done), 303)
