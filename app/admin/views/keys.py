"""Keys: our own and how they rotate, and those of the platforms as they are kept."""

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from app import config
from app.admin import changes
from app.admin.views.gate import current_operator
from app.errors import DomainError
from app.extensions import transaction
from lti_config import keys
from lti_config.errors import SealBroken
from models import CachedKeySet, Platform, now

blueprint = Blueprint("keys", __name__)


@blueprint.get("/keys")
def index() -> str:
    with transaction() as session:
        own = keys.listed(session)
        kept = session.execute(
            select(Platform, CachedKeySet)
            .outerjoin(CachedKeySet, CachedKeySet.url == Platform.jwks_url)
            .order_by(Platform.name)
        ).all()
    return render_template(
        "admin/keys.html",
        own=own,
        is_rotating=any(state is keys.KeyState.ANNOUNCED for _key, state in own),
        kept=kept,
        moment=now(),
        url=url_for("launch.jwks", _external=False),
    )


@blueprint.post("/keys/rotate")
def rotate() -> Response:
    """Publish the next key; it signs a day later."""
    try:
        with transaction() as session:
            secret_keys = config.current().secret_keys
            changes.rotate_keys(session, current_operator().name, secret_keys)
    except SealBroken as error:
        raise DomainError(
            f"Nothing was changed: {error}. Put the former key back at the end of "
            "COURSELLM_SECRET_KEYS, then rotate again.",
            status=409,
            reason=str(error),
        ) from error
    return redirect(url_for(".index", done="rotated"), 303)
