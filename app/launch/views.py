"""The front door: login, launch, key set. The door: routes and forms, nothing else.

LTI core 1.3 section 4, Security Framework 1.0 section 5.1.1, with the flow that needs no
third-party cookies (docs/browsers.md). A token is verified in `lti_config.verification`.
"""

from typing import Any
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from app import config, errors, limits
from app.connections import health
from app.credentials import set_cookie
from app.errors import DomainError
from app.extensions import transaction
from app.launch import opening, refused_check
from app.selfcheck.target import PATH, leads_to_check
from lti_config import addresses, denials, keys, login, states, storage
from lti_config.errors import LaunchRefused
from lti_config.states import AGAIN, BLOCKED, LIFE

blueprint = Blueprint("launch", __name__)

COOKIE_PREFIX = "__Host-lti_"
LONGEST_TOKEN = 64 * 1024
LARGEST_BODY = 256 * 1024
MOST_LOGINS = 3000
"""In a minute, from one address for one issuer: ten each of 300 students behind one address."""
_LOGINS = limits.Burst(most=MOST_LOGINS, seconds=60)
_STORES = ("cookie", "sessionStorage", "localStorage", "platform")


class TooManyLogins(DomainError):
    """Nobody's class: a script, or a page that reloads itself."""

    status = 429
    title = "Too many sign-ins at once"
    sentence = (
        "Thousands of sign-ins came from your network within a minute, so this one has to wait. "
        "Please open the link in your course again in a minute."
    )


@blueprint.before_request
def limit_body() -> None:
    """Nobody is known yet: what they send stays small."""
    request.max_content_length = LARGEST_BODY


@blueprint.errorhandler(LaunchRefused)
def refused(refusal: LaunchRefused) -> Response:
    """Say it to the person, and to the operator if the connection is at fault."""
    if refusal.fault and refusal.registration_id:
        with transaction() as session:
            health.note_error(session, refusal.registration_id, refusal.fault, refusal.reason)
    error = DomainError(
        refusal.sentence,
        reason=refusal.reason,
        status=refusal.status,
        title=refusal.title,
        next_step=refusal.next_step,
    )
    if request.is_json or not _is_check():
        return errors.answer(error)
    is_login = request.endpoint == f"{blueprint.name}.{begin.__name__}"
    steps = refused_check.steps(refusal, is_login=is_login)
    return errors.answer(error, "selfcheck/refused.html", steps=steps, sent=_sent(is_login))


@blueprint.route("/login", methods=["GET", "POST"])
def begin() -> Response:
    """A platform starts a sign-in: keep a state, give the browser its secret, send it on."""
    params = {**request.args.to_dict(), **request.form.to_dict()}
    if not _LOGINS.take(f"{_network()} {params.get('iss', '')[:255]}"):
        raise TooManyLogins(reason=f"login: more than {MOST_LOGINS} in a minute")
    settings = config.current()
    with transaction() as session:
        started = login.start(
            session,
            params,
            redirect_uri=f"{settings.url}/lti/launch",
            own_origin=addresses.origin(settings.url),
        )
    page = render_template(
        "launch/login.html",
        authorization_url=started.authorization_url,
        state=started.state,
        browser_secret=started.secret,
        storage=started.storage,
        new_window_url=f"{url_for('.begin')}?{urlencode({**params, 'top': '1'})}",
    )
    response = make_response(page)
    _write_cookie(response, started.state, started.secret, int(LIFE.total_seconds()))
    return response


@blueprint.get("/launch")
@blueprint.get("/launch/finish")
@blueprint.get("/review")
@blueprint.get("/review/<path:_named>")
def opened_directly(_named: str = "") -> str:
    """Somebody went back, reloaded, or typed the address."""
    return render_template(
        "errors/error.html",
        title="Open this from your course",
        sentence="This address belongs to the sign-in. Please open the link in your course again.",
    )


@blueprint.get("/check")
def check() -> str:
    """The address of the connection check, which a link in the LMS leads to."""
    return render_template("selfcheck/address.html", address=f"{config.current().url}{PATH}")


@blueprint.post("/launch")
def launch() -> Response:
    """The platform's answer, posted by the browser."""
    if denials.is_denial(request.form):
        raise opening.denied(request.form)
    id_token, state = request.form.get("id_token", ""), request.form.get("state", "")
    if not 0 < len(id_token) <= LONGEST_TOKEN:
        raise LaunchRefused(400, AGAIN, f"id_token is missing or too long ({len(id_token)})")
    secret = request.cookies.get(_cookie_name(state))
    frame = request.form.get(storage.PARAMETER)
    result = opening.receive(id_token, state, secret, config.current(), frame)
    if isinstance(result, opening.Opened):
        response = make_response(redirect(_address(result), 303))
        set_cookie(response, result.session)
        _write_cookie(response, state, "", 0)
        return response
    g.frame_origin = result.frame_sources
    return make_response(
        render_template(
            "launch/finish.html",
            handle=result.handle,
            state=state,
            finish_url=url_for(".finish"),
            storage=result.storage,
            full_window=result.full_window,
        )
    )


@blueprint.post("/launch/finish")
def finish() -> Response:
    """The page of a waiting launch shows the browser's secret and becomes the session's shell."""
    shown = request.get_json(silent=True)
    values: dict[str, Any] = shown if isinstance(shown, dict) else {}
    handle, secret = values.get("handle"), values.get("secret")
    if not isinstance(handle, str) or not isinstance(secret, str):
        handle = secret = ""
    result = opening.finish(handle, secret)
    if isinstance(result, opening.Blocked):
        raise LaunchRefused(401, BLOCKED, _blocked(result, values.get("stores")))
    return jsonify(url=_address(result), token=result.session.secret)


@blueprint.get("/jwks")
def jwks() -> Response:
    """The tool's public keys."""
    with transaction() as session:
        key_set = keys.published(session, config.current().secret_keys)
    response = jsonify(key_set)
    response.cache_control.public = True
    response.cache_control.max_age = int(keys.PUBLISHED_FOR.total_seconds())
    return response


def _network() -> str:
    """Whence the request comes; a proxy of ours says it at the end of what it forwards."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2]
    return limits.network_of(request.remote_addr or "", forwarded.strip())


def _is_check() -> bool:
    """Whether the sign-in that is refused was to open the connection check."""
    target = request.values.get("target_link_uri", "")
    if not target and (state := request.form.get("state")):
        with transaction() as session:
            login = states.login_of(session, state)
        target = login.target_link_uri if login else ""
    return leads_to_check(target, config.current().url)


def _sent(is_login: bool) -> dict[str, str]:
    """What the LMS calls itself and us, to be compared; it came with this very request."""
    names = {"iss": "Issuer", "client_id": "Client id", "lti_deployment_id": "Deployment"}
    if not is_login:
        return {}
    return {title: request.values.get(name, "")[:255] for name, title in names.items()}


def _address(opened: opening.Opened) -> str:
    """Inside our own origin always: the endpoint is ours, the platform's target is not used."""
    return url_for(opened.endpoint, sid=opened.session.sid)


def _cookie_name(state: str) -> str:
    return COOKIE_PREFIX + state[:8]


def _write_cookie(response: Response, state: str, secret: str, max_age: int) -> None:
    response.set_cookie(
        _cookie_name(state),
        secret,
        max_age=max_age,
        secure=True,
        httponly=True,
        samesite="None",
        path="/",
        partitioned=True,
    )


def _blocked(result: opening.Blocked, seen: object) -> str:
    """What an operator must know to help: which browser, which LMS, which stores failed."""
    return (
        f"browser secret missing or wrong; registration {result.registration_id}; "
        f"stores: {_stores(seen)}; {request.user_agent.string[:200]!r}"
    )


def _stores(seen: object) -> dict[str, str]:
    """What the browser's stores said, for the log: known names and short words alone."""
    found = seen if isinstance(seen, dict) else {}
    return {name: str(found.get(name))[:10] for name in _STORES}
