"""What a platform posts in place of an id_token: it signs nobody in (Security Framework 5.1.1.5).

The codes are those of OAuth 2.0 (4.1.2.1), of OpenID Connect (3.1.2.6), and Canvas's own.
"""

from collections.abc import Mapping
from uuid import UUID

from lti_config.errors import Fault, LaunchRefused

_LOGGED_OUT = (
    "Your course system says that you are not logged in. Log in there, then open the link in your "
    "course again. If you are logged in, this browser hides it inside the page: open the link in "
    "a new tab."
)
_NOT_YOU = (
    "Your course system did not let you in: perhaps somebody else is logged in to it in this "
    "browser by now. Log in there again, then open the link in your course."
)
_USED = (
    "This sign-in was used already or waited too long: going back, reloading or clicking twice "
    "can't repeat it. Please open the link in your course again."
)
_NOT_ACCEPTED = (
    "Your course system does not accept CourseLLM's sign-in. Please open the link again; if it "
    "happens again, tell the people who look after your course system."
)
_TROUBLE = (
    "Your course system has trouble at the moment. Please wait a few minutes, then open the link "
    "in your course again."
)
_UNKNOWN = (
    "Your course system did not finish the sign-in. "
    "Please log in to it, then open the link in your course again."
)
_SENTENCES = {
    "login_required": _LOGGED_OUT,
    "interaction_required": _LOGGED_OUT,
    "consent_required": _LOGGED_OUT,
    "account_selection_required": _LOGGED_OUT,
    "access_denied": _NOT_YOU,
    "launch_no_longer_valid": _USED,
    "unauthorized_client": _NOT_ACCEPTED,
    "invalid_client": _NOT_ACCEPTED,
    "invalid_request": _NOT_ACCEPTED,
    "invalid_request_object": _NOT_ACCEPTED,
    "invalid_scope": _NOT_ACCEPTED,
    "unsupported_response_type": _NOT_ACCEPTED,
    "server_error": _TROUBLE,
    "temporarily_unavailable": _TROUBLE,
}


def is_denial(form: Mapping[str, str]) -> bool:
    return bool(form.get("error")) and not form.get("id_token")


def refusal(form: Mapping[str, str], registration_id: UUID | None) -> LaunchRefused:
    """The refusal that this form tells of; what the platform says goes to the log alone."""
    code, description = form["error"], form.get("error_description", "")
    sentence = _SENTENCES.get(code, _UNKNOWN)
    reason = f"platform error {code[:100]!r}: {description[:300]!r}; registration {registration_id}"
    fault = Fault.DENIED if sentence is _NOT_ACCEPTED else None
    refused = LaunchRefused(400, sentence, reason, fault)
    refused.registration_id = registration_id
    return refused
