"""The wire format of server-sent events (WHATWG HTML, section 9.2)."""

import re

KEEP_ALIVE = ": \n\n"
"""A comment: says nothing, but shows whether somebody still listens."""


def event(name: str, data: str = "") -> str:
    """One event; the data may have many lines."""
    lines = re.split(r"\r\n|\r|\n", data)
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
