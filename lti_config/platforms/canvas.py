"""What Canvas does otherwise (its source: controllers under app/controllers/lti/ims)."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from lti_config.http import Reply

FAMILY = "canvas"
FRAMES = ("https://*.instructure.com",)
"""Hosted Canvas shows tools from each school's own subdomain, signs in from another host."""
HOSTED = {
    f"https://canvas{stage}.instructure.com": f"https://sso{stage}.canvaslms.com"
    for stage in ("", ".beta", ".test")
}
"""Issuers of the hosted Canvas, and where each signs in: one of each for all schools."""
PICKER_PLACEMENTS = (
    "assignment_selection",
    "link_selection",
    "editor_button",
    "module_index_menu_modal",
)
COURSE_TAB = "course_navigation"
STAFF_ALONE = "admins"
"""Canvas's word for who teaches or looks after a course. Students have the editor, too, in their
discussions: a button there would lead them to a page for teachers only."""
ACCOUNT_NAME = "https://canvas.instructure.com/lti/account_name"

NEXT_STEP = (
    "Confirm what Canvas shows, switch the key on under Developer Keys (or Apps), and add the app "
    "to an account or a course."
)

_KEYS = "https://canvas.instructure.com/lti/"
_SUBMISSION = _KEYS + "submission"
_HOSTED_PATHS = {
    "openid_configuration": ("/api/lti/security/openid-configuration",),
    "authorization_endpoint": ("/api/lti/authorize_redirect",),
    "token_endpoint": ("/login/oauth2/token",),
    "jwks_uri": ("/api/lti/security/jwks", "/login/oauth2/jwks"),
    "registration_endpoint": ("/api/lti/registrations",),
}

PLACEMENT = "https://www.instructure.com/placement"
"""The claim that says from which of its places Canvas asks."""
_KEEP_LINE_ITEMS = frozenset(
    {
        "assignment_selection",
        "course_assignments_menu",
        "link_selection",
        "module_index_menu_modal",
        "module_menu_modal",
    }
)


def is_canvas(product_family: str | None) -> bool:
    return product_family == FAMILY


def lists_roles_of_launches(product_family: str | None) -> bool:
    """Its roster says of everybody what a launch would say: one table of roles makes both.

    And nobody teaches without being listed: an administrator's launch has no role in the course.
    (Others may ask two questions, as Moodle does; of an LMS that we don't know we expect that.)
    """
    return is_canvas(product_family)


def is_hosted(issuer: str, what: str, address: str) -> bool:
    """Whether this address is the hosted Canvas's own, for that purpose.

    Tokens may come from a school's subdomain. The registration is taken at the school's own host,
    which may bear the school's name: who names it has been asked at the issuer's own address.
    """
    parts = urlsplit(address)
    if parts.path not in _HOSTED_PATHS[what] or parts.scheme != "https":
        return False
    if what == "registration_endpoint" or f"https://{parts.netloc}" in {issuer, HOSTED[issuer]}:
        return True
    return what == "token_endpoint" and parts.netloc.endswith(".instructure.com")


def names_no_audience(issuer: str, product_family: str | None) -> bool:
    """Its `authorization_server` is a bare host, and its token address is the audience."""
    return issuer in HOSTED or is_canvas(product_family)


def plain_placement(name: str) -> str:
    """Canvas lists its own placements with or without its prefix."""
    return name.removeprefix(_KEYS)


def configuration(name: str) -> dict[str, str]:
    """Its own keys of a tool's configuration. (Without a level it guesses one from the claims.)"""
    return {_KEYS + "privacy_level": "public", _KEYS + "tool_id": name.lower()}


def message(placements: Collection[str]) -> dict[str, Any]:
    """Its own keys of a message: no tab in the courses that never asked for one."""
    if COURSE_TAB in map(plain_placement, placements):
        return {_KEYS + "course_navigation/default_enabled": False}
    return {
        _KEYS + "launch_width": 800,
        _KEYS + "launch_height": 600,
        _KEYS + "visibility": STAFF_ALONE,
    }


def extension(name: str, domain: str, launch_url: str, icon_url: str) -> dict[str, Any]:
    """Its part of a developer key's JSON. The button of the editor is dropped without an icon."""
    shared = {
        "enabled": True,
        "target_link_uri": launch_url,
        "text": name,
        "icon_url": icon_url,
    }
    pickers = [
        {
            **shared,
            "placement": placement,
            "message_type": "LtiDeepLinkingRequest",
            "selection_width": 800,
            "selection_height": 600,
            "visibility": STAFF_ALONE,
        }
        for placement in PICKER_PLACEMENTS
    ]
    tab = {
        **shared,
        "placement": COURSE_TAB,
        "message_type": "LtiResourceLinkRequest",
        "default": "disabled",
    }
    return {
        "platform": "canvas.instructure.com",
        "domain": domain,
        "tool_id": name.lower(),
        "privacy_level": "public",
        "settings": {"text": name, "icon_url": icon_url, "placements": [*pickers, tab]},
    }


def is_account(context_types: list[str]) -> bool:
    """Launches from an account page bring a context that is no course: its type is this word."""
    return context_types == ["Account"]


def names_no_link(link_id: str, context_id: str | None) -> bool:
    """Placements without a link of their own, like course navigation, repeat the context's id.

    (On Moodle both are small numbers and may be equal by chance, so this is for Canvas alone.)
    """
    return link_id == context_id


def full_window(
    claims: Mapping[str, Any], target_link_uri: str, link_id: str | None
) -> dict[str, Any]:
    """The message that asks the Canvas page round our frame to launch us in a window of our own.

    A message of the browser, postMessage; nothing in it is secret. (Canvas: window post messages.)
    """
    placement = claims.get(PLACEMENT)
    known = {
        "placement": placement if isinstance(placement, str) else None,
        "resource_link_id": link_id,
    }
    data = {"url": target_link_uri, "launchType": "new_window"}
    data |= {name: value for name, value in known.items() if value}
    return {"subject": "requestFullWindowLaunch", "data": data}


NO_SUBMISSIONS = {"https://canvas.instructure.com/lti/submission_type": {"type": "none"}}
"""Of a line item without a link: an assignment that students hand nothing in to."""


def submission(review_url: str | None) -> dict[str, Any]:
    """The extension of a score. Without it each score would be one more attempt of the learner.

    With a `review_url` it is one, and SpeedGrader launches that address to show the work.
    """
    if review_url is None:
        return {_SUBMISSION: {"new_submission": False}}
    shown = {"submission_type": "basic_lti_launch", "submission_data": review_url}
    return {_SUBMISSION: {"new_submission": True, **shown}}


def takes_one(placement: str) -> bool:
    """The assignment form takes one link, whatever `accept_multiple` says."""
    return placement == "assignment_selection"


def drops_line_item(placement: str) -> bool:
    """Elsewhere a line item is ignored without a word: a link in a page makes no assignment."""
    return placement != "" and placement not in _KEEP_LINE_ITEMS


def lacks_attempts(reason: str) -> bool:
    """A submission was sent, and the assignment allows no more of them."""
    return reason.startswith("422") and "attempt" in reason.lower()


def has_old_timestamp(reason: str) -> bool:
    """400 where others say 409."""
    return "timestamp" in reason.lower()


def is_throttled(reply: Reply) -> bool:
    """403 means "too many requests" when nothing remains of the allowance."""
    try:
        is_spent = float(reply.headers.get("X-Rate-Limit-Remaining", "1")) <= 0
    except ValueError:
        is_spent = False
    return is_spent or b"Rate Limit Exceeded" in reply.body
