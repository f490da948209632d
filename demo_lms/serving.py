"""The web server: threads, one socket on loopback, and a way to run it inside a test."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import BaseWSGIServer, make_server

from demo_lms import create_app
from demo_lms.platform import Platform


def open_server(platform: Platform) -> BaseWSGIServer:
    """A server that listens already. Raises OSError if the port is taken."""
    settings = platform.settings
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(128)
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        return make_server(
            settings.host,
            settings.port,
            create_app(platform=platform),
            threaded=True,
            fd=listening.fileno(),
        )


@contextmanager
def running(platform: Platform) -> Iterator[Platform]:
    """Serve the platform at its issuer's address while the block runs (for tests).

    Use `Settings(folder=tmp_path, port=free_port(), tool_url=…)`.
    """
    server = open_server(platform)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
