"""Long lists in parts: `limit`, and a Link header with the next address (RFC 8288).

AGS 2.0 section 3.2.4: the next address holds all filters, the tool uses it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from demo_lms.errors import bad_request

T = TypeVar("T")


def cut(items: Sequence[T], query: Mapping[str, str], url: str) -> tuple[list[T], str | None]:
    """The part that `limit` and `from` in the query ask for, and the Link header if more follows.

    `url` is the list's address without its query. Raises Refusal (400).
    """
    start = _whole_number(query, "from", least=0, default=0)
    limit = _whole_number(query, "limit", least=1, default=max(len(items), 1))
    part = list(items[start : start + limit])
    if start + limit >= len(items):
        return part, None
    following = {**query, "limit": str(limit), "from": str(start + limit)}
    return part, f'<{url}?{urlencode(following)}>; rel="next"'


def _whole_number(query: Mapping[str, str], name: str, *, least: int, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
        raise bad_request(f"{name} must be a whole number of at least {least}.")
    return int(text)
