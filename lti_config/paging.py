"""Lists that come in pages (RFC 8288), and those of the grade services (AGS 2.0, 3.2.4 and 3.3.3).

The latter are asked without `limit`: Moodle answers one with a link that can't be read, or with
"not found".
"""

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from lti_config.addresses import same_origin
from lti_config.http import Reply
from lti_config.outcomes import Refused, Transient, asked, failure_of, odd
from lti_config.services import Service

MOST_PAGES = 200
_NEXT = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r"""\brel\s*=\s*"?'?([^"';,]*)""", re.IGNORECASE)


def next_page(reply: Reply, url: str) -> str | None:
    """The address of the next page, if the answer names one. Raises ValueError if that is none."""
    for target, parameters in _NEXT.findall(reply.headers.get("Link", "")):
        relation = _REL.search(parameters)
        if relation and "next" in relation[1].lower().split():
            try:
                return urljoin(url, str(target).strip())
            except ValueError as error:
                raise ValueError(f"next page is no address: {target[:200]!r}") from error
    return None


def read_list(
    service: Service, start: str, scope: str, media_type: str
) -> list[dict[str, Any]] | Refused | Transient:
    """Every object of the list, numbers as Decimal. Waits on the network."""
    address: str | None = start
    found: list[dict[str, Any]] = []
    for _ in range(MOST_PAGES):
        if address is None:
            return found
        page = _page(service, address, scope, media_type)
        if not isinstance(page, tuple):
            return page
        found += page[0]
        address = page[1]
        if address is not None and not same_origin(address, start):
            return Transient(f"the next page is elsewhere: {address[:200]!r}")
    return Transient(f"more than {MOST_PAGES} pages")


def rows_of(reply: Reply) -> list[dict[str, Any]] | None:
    """The objects of one answer; None if it is no list."""
    try:
        rows = json.loads(reply.body, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError):
        return None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None


def _page(
    service: Service, address: str, scope: str, media_type: str
) -> tuple[list[dict[str, Any]], str | None] | Refused | Transient:
    reply = asked(lambda: service.get(address, [scope], media_type))
    if not isinstance(reply, Reply):
        return reply
    if reply.status != 200:
        return failure_of(reply)
    rows = rows_of(reply)
    try:
        return odd(reply) if rows is None else (rows, next_page(reply, address))
    except ValueError:
        return odd(reply)
