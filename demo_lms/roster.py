"""Who is in the course, for the tool: NRPS 2.0 section 2 (context) and 3 (resource link)."""

from __future__ import annotations

from typing import Any

from demo_lms import vocabulary as lti
from demo_lms.custom import expanded
from demo_lms.links import Link
from demo_lms.persons import Person, members
from demo_lms.settings import Settings


def memberships_url(settings: Settings) -> str:
    return f"{settings.issuer}/api/courses/{settings.context_id}/memberships"


def service_claim(settings: Settings) -> dict[str, Any]:
    return {
        "context_memberships_url": memberships_url(settings),
        "service_versions": ["2.0"],
    }


def with_role(role: str | None) -> list[Person]:
    """Members with this role, given as full URI or as the short name of a context role.

    An unknown role finds nobody; no role finds everybody (NRPS 2.0 section 2.4.1).
    """
    if not role:
        return members()
    wanted = role if ":" in role else f"{lti.MEMBERSHIP}#{role}"
    return [person for person in members() if wanted in person.membership_roles]


def member(settings: Settings, person: Person, link: Link | None) -> dict[str, Any]:
    """One member; asked for a resource link, with what its launch would say (section 3.2)."""
    entry: dict[str, Any] = {
        "status": "Active",
        "user_id": person.subject,
        "roles": list(person.membership_roles),
        **person.shared_fields(settings.tool_claims),
    }
    if link is not None:
        entry["message"] = [
            {
                lti.MESSAGE_TYPE: lti.RESOURCE_LINK_REQUEST,
                lti.CUSTOM: expanded(settings, person, link),
            }
        ]
    return entry


def container(settings: Settings, url: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """The membership container (section 2.1); `url` is the request's own address."""
    return {
        "id": url,
        "context": {
            "id": settings.context_id,
            "label": settings.context_label,
            "title": settings.context_title,
        },
        "members": listed,
    }
