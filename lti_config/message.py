"""The claims of LTI itself: present, of the right type, for us (LTI core 5.3, Deep Linking 4.4.1).

The library's validators run after these; alone they accept roles as plain text, any
target_link_uri, and stumble over odd types.
"""

from typing import NoReturn

from lti_config import claims as named
from lti_config.addresses import TrustedHosts, is_usable, origin
from lti_config.claims import Claims
from lti_config.errors import Fault, LaunchRefused
from lti_config.launch import Launch, MessageType
from lti_config.states import Awaited
from lti_config.texts import LONGEST_ID, is_identifier, is_storable, mapping, strings
from models import CourseRole

VERSION = "1.3.0"

INCOMPLETE = (
    "Your course sent an incomplete sign-in. Please open the link again; if it happens again, "
    "tell the people who look after your course system."
)
ANONYMOUS = (
    "Your course did not say who you are. Log in to your course system first, "
    "then open the link again."
)
NO_LINKS = (
    "Your course does not take links at this place. Go back, and add CourseLLM where your course "
    "offers external tools."
)
TEACHERS_ONLY = "Only teachers of this course can choose what a link opens."


def check(claims: Claims, awaited: Awaited, *, own_origin: str, trusted: TrustedHosts) -> None:
    """Every required claim of the message. Raises LaunchRefused."""
    if claims.get(named.VERSION) != VERSION:
        _refuse(f"version is {claims.get(named.VERSION)!r}, not {VERSION!r}")
    if claims.get(named.MESSAGE_TYPE) not in list(MessageType):
        _refuse(f"message_type is {claims.get(named.MESSAGE_TYPE)!r}")
    if not is_identifier(claims.get(named.DEPLOYMENT_ID)):
        _refuse("deployment_id is missing, or no text of 1 to 255 characters")
    _check_target(claims, awaited, own_origin)
    _check_roles(claims)
    _check_subject(claims)
    if not isinstance(claims.get(named.CONTEXT, {}), dict):
        _refuse("context is no object")
    if claims[named.MESSAGE_TYPE] == MessageType.RESOURCE_LINK:
        _check_resource_link(claims)
    elif claims[named.MESSAGE_TYPE] == MessageType.SUBMISSION_REVIEW:
        _check_review(claims)
    elif claims[named.MESSAGE_TYPE] == MessageType.DATA_PRIVACY:
        _check_for_user(claims.get(named.FOR_USER))
    else:
        _check_deep_linking(claims, trusted)


def check_rights(launch: Launch) -> None:
    """Choosing what a link opens is for teachers; assistants look after no links."""
    if launch.message_type is MessageType.DEEP_LINKING and launch.role is not CourseRole.TEACHER:
        reason = f"deep linking as {launch.role.value}"
        raise LaunchRefused(403, TEACHERS_ONLY, reason, title="For teachers only")


def _check_target(claims: Claims, awaited: Awaited, own_origin: str) -> None:
    """The signed target counts; the login's is unsigned and must say the same (core 5.3.4)."""
    target = claims.get(named.TARGET_LINK_URI)
    if not isinstance(target, str) or target != awaited.target_link_uri:
        _refuse("target_link_uri is missing or not the login's", Fault.TARGET)
    if origin(target) != own_origin:
        _refuse("target_link_uri is not ours", Fault.TARGET)


def _check_roles(claims: Claims) -> None:
    roles = claims.get(named.ROLES)
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        _refuse("roles is missing or no list of texts")


def _check_subject(claims: Claims) -> None:
    subject = claims.get("sub")
    if subject is None or subject == "":
        reason = "sub is missing: anonymous launch"
        raise LaunchRefused(403, ANONYMOUS, reason, Fault.ANONYMOUS)
    if not is_identifier(subject):
        _refuse(f"sub is no identifier of 1 to {LONGEST_ID} characters")


def _check_resource_link(claims: Claims) -> None:
    link = claims.get(named.RESOURCE_LINK)
    if not isinstance(link, dict) or not is_identifier(link.get("id")):
        _refuse("resource_link is missing, or has no id")


def _check_review(claims: Claims) -> None:
    """It says which column or link it is about; Moodle may say neither column nor learner."""
    if named.FOR_USER in claims:
        _check_for_user(claims[named.FOR_USER])
    if not mapping(claims, named.GRADES).get("lineitem"):
        _check_resource_link(claims)


def _check_for_user(for_user: object) -> None:
    if not isinstance(for_user, dict) or not is_identifier(for_user.get("user_id")):
        _refuse("for_user names nobody")


def _check_deep_linking(claims: Claims, trusted: TrustedHosts) -> None:
    settings = claims.get(named.DEEP_LINKING)
    if not isinstance(settings, dict):
        _refuse("deep_linking_settings is missing")
    if not is_usable(settings.get("deep_link_return_url"), trusted):
        _refuse("deep_link_return_url is missing or not https")
    if not is_storable(settings.get("data")):
        _refuse("data of the deep linking request can't be kept to be sent back")
    if "ltiResourceLink" not in strings(settings.get("accept_types")):
        reason = f"accept_types is {settings.get('accept_types')!r}"[:300]
        raise LaunchRefused(400, NO_LINKS, reason, title="No link can be added here")


def _refuse(reason: str, fault: Fault = Fault.MESSAGE) -> NoReturn:
    raise LaunchRefused(400, INCOMPLETE, reason[:300], fault)
