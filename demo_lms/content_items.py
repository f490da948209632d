"""What a tool may place: LTI resource links. Deep Linking 2.0 section 3.2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from demo_lms import line_items
from demo_lms.checks import json_object, optional_text, optional_time
from demo_lms.errors import bad_request
from demo_lms.line_items import LineItem
from demo_lms.links import TITLE_LENGTH, Link, new_id
from demo_lms.settings import Settings

MOST_ITEMS = 50
_URL_LENGTH = 2000
_TEXT_LENGTH = 5000


@dataclass(frozen=True)
class ContentItem:
    """A link to place, and the column of the gradebook that belongs to it, if any."""

    link: Link
    line_item: LineItem | None


def read_items(settings: Settings, listed: object) -> list[ContentItem]:
    """Every item, or none: the first fault refuses the whole answer. Raises Refusal (400)."""
    if not isinstance(listed, list) or len(listed) > MOST_ITEMS:
        raise bad_request(f"content_items must be a list of at most {MOST_ITEMS}.")
    return [_item(settings, json_object(item, "Each content item")) for item in listed]


def _item(settings: Settings, fields: Mapping[str, Any]) -> ContentItem:
    if fields.get("type") != "ltiResourceLink":
        raise bad_request(f"Items of type {fields.get('type')!r} are not accepted here.")
    link = Link(
        id=new_id(),
        title=optional_text(fields, "title", TITLE_LENGTH) or "Untitled link",
        description=optional_text(fields, "text", _TEXT_LENGTH) or "",
        url=_own_url(settings, fields),
        custom=_custom(fields),
        target=_target(fields),
        opens_at=_moment(fields, "available", "startDateTime"),
        due_at=_moment(fields, "submission", "endDateTime"),
        closes_at=_moment(fields, "available", "endDateTime"),
    )
    return ContentItem(link, _line_item(fields, link))


def _own_url(settings: Settings, fields: Mapping[str, Any]) -> str | None:
    """An address at the tool's own origin: other platforms find the tool by it."""
    url = optional_text(fields, "url", _URL_LENGTH)
    if url is None:
        return None
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" != settings.tool_origin:
        raise bad_request(f"url must be an address at {settings.tool_origin}.")
    return url


def _custom(fields: Mapping[str, Any]) -> dict[str, str]:
    custom = json_object(fields.get("custom", {}), "custom")
    if not all(isinstance(value, str) for value in custom.values()):
        raise bad_request("custom holds texts only; an empty text is one, null is not.")
    return custom


def _target(fields: Mapping[str, Any]) -> str:
    if "window" not in fields:
        return "iframe"
    json_object(fields["window"], "window")
    return "iframe" if "iframe" in fields else "window"


def _moment(fields: Mapping[str, Any], name: str, end: str) -> str | None:
    return optional_time(json_object(fields.get(name, {}), name), end)


def _line_item(fields: Mapping[str, Any], link: Link) -> LineItem | None:
    if fields.get("lineItem") is None:
        return None
    given = json_object(fields["lineItem"], "lineItem")
    return line_items.read({"label": link.title, **given, "resourceLinkId": link.id})
