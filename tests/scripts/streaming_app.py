"""A tool that does nothing but stream: each reader holds a thread as long as it reads."""

import time
from collections.abc import Callable, Iterator
from typing import Any


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    while environ["PATH_INFO"] == "/stream":
        time.sleep(1)
        yield b"."
