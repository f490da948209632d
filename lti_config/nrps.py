"""The members of a course, read whole: Names and Role Provisioning Services 2.0, section 2.

A read either reaches the last page or counts for nothing: whoever is missing from it is taken to
have left, so a page that fails, a member without an id or a list that never ends raises NotRead.
"""

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit, urlunsplit

from lti_config import claims
from lti_config.addresses import same_origin
from lti_config.errors import AddressRefused, TooLarge, Unreachable
from lti_config.http import Reply
from lti_config.launch import Person
from lti_config.paging import next_page
from lti_config.platforms import canvas, moodle
from lti_config.roles import course_role
from lti_config.services import Service
from lti_config.texts import is_identifier
from lti_config.tokens import TokenRefused
from models import CourseRole

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
CONTAINER_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

PAGE_SIZE = 100
"""A hint to the platform; Canvas gives 50 at most, Moodle without it everybody at once."""
MOST_BYTES = 16 * 1024 * 1024
"""Of one page: who takes no hint sends a whole class at once."""
MOST_PAGES = 2_000
MOST_MEMBERS = 50_000
WHOLE_SECONDS = 15 * 60.0


class Cause(StrEnum):
    """Why a roster could not be read."""

    ACCESS = "access"
    """Our key, token, scope or address is not accepted."""
    GONE = "gone"
    """The course is not there any more."""
    UNREACHABLE = "unreachable"
    """No answer, or "later": another try can succeed."""
    ODD = "odd"
    """What came is no roster."""
    TOO_LARGE = "too_large"


class NotRead(Exception):
    """The roster was not read to its end. The message is for the log.

    `status`: of an answer that was no roster.
    """

    def __init__(self, cause: Cause, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.cause = cause
        self.status = status


@dataclass(frozen=True)
class Member:
    """One person of the course, as the platform lists them."""

    subject: str
    role: CourseRole
    is_role_sure: bool
    """Whether the platform's roster can be believed about this role."""
    person: Person
    is_active: bool
    """False for who is listed as inactive or deleted."""


def read(service: Service, url: str) -> list[Member]:
    """Every member, each once. Waits on the network: no session is open meanwhile.

    Raises NotRead.
    """
    family, deadline = service.account.product_family, time.monotonic() + WHOLE_SECONDS
    start = address = _of_the_course(url)
    found: dict[str, Member] = {}
    seen: set[str] = set()
    while True:
        seen.add(address)
        entries, following = _page(service, address)
        for entry in entries:
            _add(found, _member(entry, family))
        if following is None:
            return list(found.values())
        if not same_origin(following, start):
            raise NotRead(Cause.ODD, f"the next page is on another host: {following[:200]!r}")
        if following in seen:
            raise NotRead(Cause.ODD, f"the pages run in a circle: {following[:200]!r}")
        if len(seen) >= MOST_PAGES or len(found) > MOST_MEMBERS:
            raise NotRead(Cause.TOO_LARGE, f"{len(found)} members on {len(seen)} pages, and more")
        if time.monotonic() > deadline:
            raise NotRead(Cause.UNREACHABLE, f"took longer than {WHOLE_SECONDS:.0f} s")
        address = following


def read_first_page(service: Service, url: str) -> int:
    """How many members the first page lists: enough to see that the service works.

    Waits on the network. Raises NotRead.
    """
    entries, _ = _page(service, _of_the_course(url))
    return len([_member(entry, service.account.product_family) for entry in entries])


def _page(service: Service, url: str) -> tuple[list[Any], str | None]:
    try:
        reply = service.get(url, [SCOPE], CONTAINER_TYPE)
    except AddressRefused as error:
        raise NotRead(Cause.ACCESS, str(error)) from error
    except TokenRefused as error:
        raise NotRead(Cause.ACCESS, str(error), error.status) from error
    except TooLarge as error:
        raise NotRead(Cause.TOO_LARGE, str(error)) from error
    except Unreachable as error:
        raise NotRead(Cause.UNREACHABLE, str(error), error.status) from error
    if reply.status != 200:
        _refuse(reply)
    container = reply.json()
    entries = container.get("members") if isinstance(container, dict) else None
    if not isinstance(entries, list):
        raise NotRead(Cause.ODD, f"no list of members: {reply.shown}")
    try:
        return entries, next_page(reply, url)
    except ValueError as error:
        raise NotRead(Cause.ODD, str(error)) from error


def _refuse(reply: Reply) -> NoReturn:
    is_late = reply.status == 429 or reply.status >= 500
    if is_late or (reply.status == 403 and canvas.is_throttled(reply)):
        raise NotRead(Cause.UNREACHABLE, reply.shown, reply.status)
    causes = {401: Cause.ACCESS, 403: Cause.ACCESS, 404: Cause.GONE}
    raise NotRead(causes.get(reply.status, Cause.ODD), reply.shown, reply.status)


def _of_the_course(url: str) -> str:
    """The members of the course, not of one link (`rlid`, section 3), in pages."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise NotRead(Cause.ACCESS, f"not an address: {url[:200]!r}") from error
    asked = [part for part in parts.query.split("&") if part and not part.startswith("rlid=")]
    if not any(part.startswith("limit=") for part in asked):
        asked.append(urlencode({"limit": PAGE_SIZE}))
    return urlunsplit(parts._replace(query="&".join(asked)))


def _member(entry: Any, family: str | None) -> Member:
    """One entry. One that can't be understood spoils the read: its person may be anybody."""
    if not isinstance(entry, dict):
        raise NotRead(Cause.ODD, "a member is no object")
    sent, roles = entry.get("user_id"), entry.get("roles")
    is_number = isinstance(sent, int) and not isinstance(sent, bool)
    subject = str(sent) if is_number or isinstance(sent, str) else ""
    if not is_identifier(subject):
        raise NotRead(Cause.ODD, "a member has no user_id of 1 to 255 printable characters")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise NotRead(Cause.ODD, "roles of a member are no list of texts")
    role = course_role(roles)
    is_sure = family != moodle.FAMILY or not moodle.may_be_grader(role)
    is_active = entry.get("status") in {"Active", None}
    return Member(subject, role, is_sure, claims.person(entry), is_active)


def _add(found: dict[str, Member], member: Member) -> None:
    """Some platforms list a person once for each section: the widest of the roles counts."""
    before = found.get(member.subject)
    if before is None or (member.is_active and not before.is_active):
        found[member.subject] = member
    elif member.is_active:
        named = before if before.person.has_name else member
        first = min(before, member, key=lambda one: _ORDER.index(one.role))
        found[member.subject] = replace(named, role=first.role, is_role_sure=first.is_role_sure)


_ORDER: list[CourseRole] = [
    CourseRole.TEST_STUDENT,
    CourseRole.TA,
    CourseRole.TEACHER,
    CourseRole.STUDENT,
    CourseRole.OBSERVER,
    CourseRole.ADMINISTRATOR,
    CourseRole.NONE,
]
"""As `course_role` looks for them in the roles of one entry."""
