"""What a verified launch tells of the connection it came by: for the self-check, not of the person.

Names of things and whether they came, never their values; the roles are the viewer's own.
"""

from collections.abc import Mapping
from typing import Any

from lti_config import claims as named
from lti_config import storage, texts
from lti_config.launch import Launch
from lti_config.states import Awaited

GIVEN, EMPTY, UNKNOWN = "given", "empty", "unknown"
"""What came of a custom value: the last where the platform left the variable standing."""
_MOST, _LONGEST = 30, 200


def of(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    awaited: Awaited,
    launch: Launch,
    moment: float,
) -> dict[str, Any]:
    """The facts of a launch that was just verified, fit to be kept as JSON."""
    tool = texts.mapping(claims, named.TOOL_PLATFORM)
    kept = storage.offered(awaited.auth_url, awaited.storage_target)
    return {
        "message": launch.message_type.value,
        "kid": _short(header["kid"]),
        "ahead": round(claims["iat"] - moment),
        "left": round(claims["exp"] - moment),
        "roles": [_short(role) for role in claims[named.ROLES][:_MOST]],
        "role": launch.role.value,
        "scopes": [_short(scope) for scope in launch.grades.scopes] if launch.grades else [],
        "columns": bool(launch.grades and launch.grades.line_items_url),
        "roster": launch.memberships_url is not None,
        "course": launch.context is not None,
        "name": launch.person.has_name,
        "email": launch.person.email is not None,
        "custom": _custom(claims),
        "product": " ".join(
            filter(None, (_short(tool.get("product_family_code")), _short(tool.get("version"))))
        ),
        "storage": {"origin": kept.origin, "targets": list(kept.targets)} if kept else None,
    }


def _custom(claims: Mapping[str, Any]) -> dict[str, str]:
    """Each custom value's name, and whether something stands in its variable's place."""
    sent = texts.mapping(dict(claims), named.CUSTOM).items()
    known = {_short(key).lower(): _state(value) for key, value in sent}
    return dict(sorted((key, state) for key, state in known.items() if key)[:_MOST])


def _state(value: object) -> str:
    if texts.given(value) is not None:
        return GIVEN
    return UNKNOWN if texts.clean(value).startswith("$") else EMPTY


def _short(value: object) -> str:
    return texts.clean(value)[:_LONGEST]
