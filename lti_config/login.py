"""The login request of a platform, and the authentication request that answers it.

Security Framework 1.0, section 5.1.1; LTI core 4.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lti_config import pylti, states, storage
from lti_config.addresses import origin
from lti_config.approval import check_registration
from lti_config.errors import AddressRefused, Fault, LaunchRefused
from lti_config.storage import PlatformStorage
from models import Registration

UNKNOWN = "Your course's system is not connected to this CourseLLM. An administrator must add it."
UNREADABLE = (
    "This address is where a course system begins a sign-in. "
    "Please open the link in your course instead."
)
NOT_OURS = (
    "The link in your course points to another place than this CourseLLM. "
    "An administrator must correct it."
)


@dataclass(frozen=True)
class StartedLogin:
    """Where the browser goes next, and what it must keep until it comes back."""

    authorization_url: str
    state: str
    secret: str
    storage: PlatformStorage | None


def start(
    session: Session, params: Mapping[str, str], *, redirect_uri: str, own_origin: str
) -> StartedLogin:
    """Find the registration and keep a new state for it. Raises LaunchRefused."""
    registration = _registration(session, params)
    target = params.get("target_link_uri", "")
    _check_target(target, own_origin, registration)
    frame = storage.target(params.get(storage.PARAMETER))
    new = states.begin(session, registration.registration_id, target, frame)
    url = _authorization_url(registration, params, new, redirect_uri)
    keeper = storage.offered(registration.auth_url, frame)
    return StartedLogin(url, new.state, new.secret, keeper)


_OF_ISSUER = select(Registration).where(Registration.issuer == bindparam("issuer")).limit(2)
_OF_CLIENT = _OF_ISSUER.where(Registration.client_id == bindparam("client_id"))


def _registration(session: Session, params: Mapping[str, str]) -> Registration:
    """The one that the login names; the client id may be absent if the issuer has but one."""
    issuer, client_id = params.get("iss", ""), params.get("client_id", "")
    if not (issuer + client_id).isprintable():
        raise LaunchRefused(400, UNREADABLE, "login: control characters")
    try:
        pylti.check_login(params)
    except pylti.Unfit as error:
        raise LaunchRefused(400, UNREADABLE, f"login: PyLTI1p3: {error}") from error
    wanted = _OF_CLIENT if client_id else _OF_ISSUER
    found = session.scalars(wanted, {"issuer": issuer, "client_id": client_id}).all()
    if len(found) != 1:
        which = f"issuer {issuer[:200]!r}, client id {client_id[:200]!r}"
        how = "no registration" if not found else "more than one registration and no client id"
        raise LaunchRefused(400, UNKNOWN, f"login: {how} for {which}")
    check_registration(found[0])
    return found[0]


def _check_target(target: str, own_origin: str, registration: Registration) -> None:
    try:
        is_ours = origin(target) == own_origin
    except AddressRefused:
        is_ours = False
    if not is_ours:
        reason = f"login: target_link_uri {target[:200]!r} is not ours"
        refusal = LaunchRefused(400, NOT_OURS, reason, Fault.TARGET)
        refusal.registration_id = registration.registration_id
        raise refusal


def _authorization_url(
    registration: Registration,
    params: Mapping[str, str],
    new: states.NewState,
    redirect_uri: str,
) -> str:
    """The platform's address with our request; it may have a query of its own already."""
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": redirect_uri,
        "login_hint": params["login_hint"],
        "state": new.state,
        "nonce": new.nonce,
    }
    if hint := params.get("lti_message_hint"):
        asked["lti_message_hint"] = hint  # as it came: Moodle's is JSON
    joint = "&" if "?" in registration.auth_url else "?"
    return f"{registration.auth_url}{joint}{urlencode(asked, quote_via=quote)}"
