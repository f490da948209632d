"""Line items, the columns of a gradebook: looking for ours, making one (AGS 2.0, section 3.2)."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lti_config.addresses import LONGEST, below, same_origin
from lti_config.http import Reply
from lti_config.outcomes import Refused, Transient, asked, failure_of, odd
from lti_config.paging import read_list
from lti_config.platforms import canvas
from lti_config.services import Service

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
READ_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
TAG = "grade"
"""Of every column of ours."""
LONGEST_LABEL = 100
"""Moodle's web server gives up over a long one."""
_LINK_UNKNOWN = {403, 404, 412}
"""How Moodle, the specification and Canvas say that a column cannot belong to this link."""


@dataclass(frozen=True)
class Wanted:
    """The column that an activity's link needs. `resource_id` is the activity's id."""

    link_id: str | None
    resource_id: str
    label: str
    maximum: Decimal
    review_url: str


def may_look(scopes: Collection[str]) -> bool:
    return not {SCOPE, READ_SCOPE}.isdisjoint(scopes)


def may_make(scopes: Collection[str]) -> bool:
    return SCOPE in scopes


def find(
    service: Service, items_url: str, scopes: Collection[str], wanted: Wanted
) -> str | Refused | Transient | None:
    """The address of the column, looked for by link, by activity, by tag; None if there is none.

    Waits on the network: no session is open meanwhile.
    """
    scope = READ_SCOPE if READ_SCOPE in scopes else SCOPE
    for name, value in (
        ("resource_link_id", wanted.link_id),
        ("resource_id", wanted.resource_id),
        ("tag", TAG),
    ):
        if not value:
            continue
        listed = read_list(service, below(items_url, query={name: value}), scope, CONTAINER_TYPE)
        if not isinstance(listed, list):
            return listed
        for item in _fitting(name, listed, wanted):
            if _is_usable(item.get("id"), items_url):
                return str(item["id"])
    return None


def make(service: Service, items_url: str, wanted: Wanted) -> str | Refused | Transient:
    """A new column, its address. Look before: platforms make a second one without a word.

    Waits on the network: no session is open meanwhile.
    """
    reply = _post(service, items_url, wanted, wanted.link_id)
    if isinstance(reply, Reply) and reply.status in _LINK_UNKNOWN and wanted.link_id:
        reply = _post(service, items_url, wanted, None)
    if not isinstance(reply, Reply):
        return reply
    if reply.status not in {200, 201}:
        return failure_of(reply)
    made = reply.json()
    address = made.get("id") if isinstance(made, dict) else None
    return str(address) if _is_usable(address, items_url) else odd(reply)


def _post(
    service: Service, items_url: str, wanted: Wanted, link_id: str | None
) -> Reply | Refused | Transient:
    body: dict[str, Any] = {
        "label": wanted.label[:LONGEST_LABEL],
        "scoreMaximum": float(wanted.maximum),
        "resourceId": wanted.resource_id,
        "tag": TAG,
        "submissionReview": {"url": wanted.review_url},
    }
    if link_id:
        body["resourceLinkId"] = link_id
    elif canvas.is_canvas(service.account.product_family):
        body |= canvas.NO_SUBMISSIONS
    raw = json.dumps(body).encode()
    return asked(lambda: service.post(items_url, [SCOPE], raw, ITEM_TYPE))


def _fitting(name: str, items: list[dict[str, Any]], wanted: Wanted) -> list[dict[str, Any]]:
    """Those that are ours: a platform may not know the filter, or a link have two columns."""
    if name == "resource_link_id":
        own = [item for item in items if item.get("resourceLinkId") == wanted.link_id]
        return sorted(own, key=lambda item: item.get("resourceId") != wanted.resource_id)
    free = [item for item in items if item.get("resourceLinkId") in {None, "", wanted.link_id}]
    if name == "resource_id":
        return [item for item in free if item.get("resourceId") == wanted.resource_id]
    tagged = [item for item in free if item.get("tag") == TAG and not item.get("resourceId")]
    return tagged if len(tagged) == 1 else []


def _is_usable(address: object, items_url: str) -> bool:
    fits = isinstance(address, str) and len(address) <= LONGEST and address.isascii()
    return fits and same_origin(str(address), items_url)
