"""Small checks of what a tool sends as JSON; each raises a 400 that names the field."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from demo_lms.errors import bad_request

TEXT_LENGTH = 255
_LARGEST = 1e9


def json_object(body: object, what: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise bad_request(f"{what} must be a JSON object.")
    return body


def some_text(fields: Mapping[str, Any], name: str, longest: int = TEXT_LENGTH) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise bad_request(f"{name} must be a text of 1 to {longest} characters.")
    return value


def optional_text(fields: Mapping[str, Any], name: str, longest: int = TEXT_LENGTH) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise bad_request(f"{name} must be a text of at most {longest} characters.")
    return value or None


def number(fields: Mapping[str, Any], name: str) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_request(f"{name} must be a number.")
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise bad_request(f"{name} is out of range.")
    return float(value)


def positive_number(fields: Mapping[str, Any], name: str) -> float:
    value = number(fields, name)
    if value <= 0:
        raise bad_request(f"{name} must be more than 0.")
    return value


def one_of(fields: Mapping[str, Any], name: str, allowed: Collection[str]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise bad_request(f"{name} must be one of {', '.join(allowed)}.")
    return value


def time_of(fields: Mapping[str, Any], name: str) -> datetime:
    """An ISO 8601 moment with date, time and zone."""
    value = fields.get(name)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise bad_request(f"{name} must be an ISO 8601 date and time with a zone.")
    return moment


def optional_time(fields: Mapping[str, Any], name: str) -> str | None:
    """The text as it was sent, once it has been seen to be a moment."""
    return None if fields.get(name) is None else (time_of(fields, name), str(fields[name]))[1]
