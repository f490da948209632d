"""One event loop in a thread of its own that reads the streams of all models.

A blocking read can't be broken off; a task of this loop can: at any moment, at once, and its
connection with it, so that a model stops writing for somebody who has left.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def start(coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
    """Run the coroutine in the background; cancelling the future cancels it."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop())


def _loop() -> asyncio.AbstractEventLoop:
    """This process's loop: a forked child has none of its parent's threads."""
    with _lock:
        process = os.getpid()
        if process not in _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="models", daemon=True).start()
            _loops[process] = loop
        return _loops[process]
