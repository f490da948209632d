"""The tools that registered themselves, beside the one that is built in; the course uses one.

All the rest of this package knows one tool by its settings. `in_use` gives the platform as it is
for the tool that the course uses: with that tool's ids, scopes, claims and custom parameters.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace

from demo_lms.errors import Refusal
from demo_lms.platform import Platform

_IN_USE = "tool_in_use"


@dataclass(frozen=True)
class Tool:
    """What a tool registered, in the manner of one LMS or another."""

    client_id: str
    manner: str
    name: str
    deployment_id: str | None
    """Given at once, as in Moodle, or when the tool is switched on, as in Canvas."""
    is_active: bool
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    custom: tuple[tuple[str, str], ...]
    placements: tuple[str, ...]


def listed(platform: Platform) -> list[Tool]:
    rows = platform.store.rows("SELECT tool FROM tools ORDER BY rowid")
    return [_tool(row["tool"]) for row in rows]


def get(platform: Platform, client_id: str) -> Tool:
    """Raises Refusal (404)."""
    row = platform.store.row("SELECT tool FROM tools WHERE client_id = ?", client_id)
    if row is None:
        raise Refusal(404, "not_found", "No tool registered under this client id.")
    return _tool(row["tool"])


def keep(platform: Platform, tool: Tool) -> None:
    with platform.store.write() as db:
        db.execute(
            "INSERT OR REPLACE INTO tools VALUES (?, ?)", (tool.client_id, json.dumps(asdict(tool)))
        )


def switch_on(platform: Platform, client_id: str) -> None:
    """The administrator's yes: the tool may be used, and the course uses it from now on.

    Raises Refusal (404).
    """
    tool = get(platform, client_id)
    deployment = tool.deployment_id or f"{secrets.randbelow(1000)}:{secrets.token_hex(20)}"
    keep(platform, replace(tool, is_active=True, deployment_id=deployment))
    platform.store.keep_note(_IN_USE, client_id)


def use_built_in(platform: Platform) -> None:
    platform.store.keep_note(_IN_USE, None)


def in_use(platform: Platform) -> Platform:
    """The platform as it is for the tool that the course uses."""
    client_id = platform.store.note(_IN_USE, None)
    if client_id is None:
        return platform
    tool = get(platform, client_id)
    settings = replace(
        platform.settings,
        client_id=tool.client_id,
        deployment_id=tool.deployment_id or "",
        tool_scopes=tool.scopes,
        tool_claims=tool.claims,
        tool_custom=tool.custom,
    )
    return replace(platform, settings=settings)


def _tool(text: str) -> Tool:
    fields = json.loads(text)
    for name in ("scopes", "claims", "placements"):
        fields[name] = tuple(fields[name])
    fields["custom"] = tuple((name, value) for name, value in fields["custom"])
    return Tool(**fields)
