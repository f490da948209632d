"""The launch from the platform's side: login initiation, authentication request and answer.

Security Framework 1.0 section 5.1.1 (OpenID Connect launch flow), OpenID Connect Core 1.0 section
3.1.2.6 (errors), LTI core 1.3 section 4.1. Nothing here needs a browser, so a test can drive a
whole launch:

    post = login_request(platform, person, link)        # POST post.fields to post.action: the tool
    …                                                   # the tool answers with the address of /auth
    answer = authorize(platform, params, person)        # params: that address's query
    …                                                   # POST answer.fields to answer.action

To change the id_token on its way take `claims = authorized_claims(platform, params, person)` in
place of `authorize`, change them, and post `tokens.sign(platform, claims)` with the state.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from demo_lms import courses, deep_linking, links, reviews, tokens, visits
from demo_lms.errors import Refusal, bad_request
from demo_lms.faults import get_faults
from demo_lms.links import Link
from demo_lms.persons import Person
from demo_lms.platform import Platform
from demo_lms.reviews import Review
from demo_lms.tokens import Claims
from demo_lms.visits import Visit

HINT_SECONDS = 300


@dataclass(frozen=True)
class FormPost:
    """A form that the browser is to send by itself."""

    action: str
    fields: dict[str, str]


class Denied(Exception):
    """An authentication error, told to the tool. `code` is OpenID Connect's or OAuth's."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


def login_request(platform: Platform, person: Person, link: Link | None) -> FormPost:
    """Step 1: start a launch of this link, or of the tool's picker if `link` is None."""
    target = (link.url if link else None) or platform.settings.tool_launch_url
    return _login(platform, person, target, _new_hint(platform, person, link))


def picker_request(platform: Platform, person: Person, link: Link) -> FormPost:
    """The same step for the picker, to set up again a link that is there."""
    hint = _new_hint(platform, person, None, editing=link.id)
    return _login(platform, person, platform.settings.tool_launch_url, hint)


def privacy_request(platform: Platform, person: Person) -> FormPost:
    """The same step for a look at what the tool keeps of this person."""
    hint = _new_hint(platform, person, None, is_privacy=True)
    return _login(platform, person, platform.settings.tool_launch_url, hint)


def review_request(platform: Platform, person: Person, review: Review) -> FormPost:
    """The same step for a look at a student's work, opened from the gradebook."""
    link = links.find(platform.store, review.item.link_id) if review.item.link_id else None
    hint = _new_hint(platform, person, link)
    reviews.keep(platform, hint, review)
    target = review.item.review_url or platform.settings.tool_launch_url
    return _login(platform, person, target, hint)


def _login(platform: Platform, person: Person, target: str, hint: str) -> FormPost:
    settings = platform.settings
    return FormPost(
        settings.tool_login_url,
        _storage_target(platform)
        | {
            "iss": settings.issuer,
            "login_hint": person.subject,
            "target_link_uri": target,
            "lti_message_hint": hint,
            "client_id": settings.client_id,
            "lti_deployment_id": settings.deployment_id,
        },
    )


def authorize(platform: Platform, params: Mapping[str, str], person: Person | None) -> FormPost:
    """Steps 2 and 3: check the authentication request and answer it with an id_token.

    `params` are its parameters, `person` who is logged in here, if anybody. An error goes to the
    tool, too, in the same form. Raises Refusal (400) if the redirect_uri is not the tool's.
    """
    redirect_uri = params.get("redirect_uri", "")
    if redirect_uri != platform.settings.tool_launch_url:
        raise bad_request("redirect_uri is not the one that is registered for this tool.")
    try:
        claims = authorized_claims(platform, params, person)
    except Denied as error:
        fields = {"error": error.code, "error_description": error.description}
    else:
        fields = {"id_token": tokens.sign(platform, claims)}
    return FormPost(redirect_uri, fields | _state(params) | _storage_target(platform))


def authorized_claims(
    platform: Platform, params: Mapping[str, str], person: Person | None
) -> Claims:
    """The claims that answer this request; its lti_message_hint is spent. Raises Denied."""
    _check_request(platform, params)
    if person is None:
        raise Denied("login_required", "Nobody is logged in to the LMS in this browser.")
    if params.get("login_hint") != person.subject:
        raise Denied("access_denied", "login_hint is not the person who is logged in.")
    hint = params.get("lti_message_hint", "")
    link = _spend_hint(platform, hint, person)
    visit = visits.of(platform.store, hint)
    platform = courses.at(platform, link.course if link else visit.course)
    if review := reviews.of_hint(platform, hint):
        return tokens.review_claims(platform, person, link, review, nonce=params["nonce"])
    if link is not None:
        return tokens.launch_claims(platform, person, link, nonce=params["nonce"])
    if visit.is_privacy:
        return tokens.privacy_claims(platform, person, nonce=params["nonce"])
    ticket = deep_linking.open_ticket(platform, person, visit.editing)
    return tokens.deep_linking_claims(
        platform,
        person,
        nonce=params["nonce"],
        return_url=ticket.return_url,
        data=ticket.data,
        link=links.find(platform.store, visit.editing) if visit.editing else None,
    )


def _check_request(platform: Platform, params: Mapping[str, str]) -> None:
    fixed = {
        "client_id": (platform.settings.client_id, "unauthorized_client"),
        "scope": ("openid", "invalid_scope"),
        "response_type": ("id_token", "unsupported_response_type"),
        "response_mode": ("form_post", "invalid_request"),
        "prompt": ("none", "invalid_request"),
    }
    for name, (value, code) in fixed.items():
        if params.get(name) != value:
            raise Denied(code, f"{name} must be {value}.")
    if not 0 < len(params.get("nonce", "")) <= 255:
        raise Denied("invalid_request", "nonce must have 1 to 255 characters.")


def _new_hint(
    platform: Platform,
    person: Person,
    link: Link | None,
    editing: str | None = None,
    *,
    is_privacy: bool = False,
) -> str:
    hint, now = secrets.token_urlsafe(24), platform.now()
    with platform.store.write() as db:
        db.execute("DELETE FROM launches WHERE expires_at < ?", (now - HINT_SECONDS,))
        db.execute(
            "INSERT INTO launches (hint, person_id, link_id, expires_at) VALUES (?, ?, ?, ?)",
            (hint, person.id, link.id if link else None, now + HINT_SECONDS),
        )
    visits.keep(platform.store, hint, Visit(platform.store.course, editing, is_privacy))
    return hint


def _spend_hint(platform: Platform, hint: str, person: Person) -> Link | None:
    """The link that the hint stands for, None for the picker. Raises Denied."""
    with platform.store.write() as db:
        row = db.execute(
            "UPDATE launches SET used = 1 WHERE hint = ? AND person_id = ? AND used = 0"
            " AND expires_at > ? RETURNING link_id",
            (hint, person.id, platform.now()),
        ).fetchone()
    if row is None:
        raise Denied("launch_no_longer_valid", "lti_message_hint is unknown, used or too old.")
    if row["link_id"] is None:
        return None
    try:
        return links.get(platform.store, row["link_id"])
    except Refusal as error:
        raise Denied("launch_no_longer_valid", error.reason) from error


def _storage_target(platform: Platform) -> dict[str, str]:
    """Platform storage (lti-cs-oidc v0p1): the frame to ask, in login and launch."""
    name = get_faults(platform.store).platform_storage
    return {"lti_storage_target": name} if name else {}


def _state(params: Mapping[str, str]) -> dict[str, str]:
    return {"state": params["state"]} if params.get("state") else {}
